"""Keys and fingerprints."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

_WHOLE = 256 * 2**20
_BLOCK = 2**20
_BLOCKS = 64
_ZARR_2 = (".zarray", ".zattrs", ".zgroup")


def digest(value: Any) -> str:
    """Digest of plain JSON values: equal values give equal digests, on any machine."""
    return digest_of(canonical(value))


def canonical(value: Any) -> str:
    """Plain JSON values as text: equal values give equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest_of(text: str) -> str:
    """Digest of values as `canonical` writes them."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def fingerprint(path: Path) -> str:
    """Digest of what a file holds, or the files of a folder with their names.

    Up to 256 MB the whole file is read; of a larger one its size and 64 blocks of 1 MB spread evenly over it.
    """
    state = hashlib.blake2b(digest_size=16)
    for file in _files(path):
        if path.is_dir():
            state.update(file.relative_to(path).as_posix().encode() + b"\0")
        size = file.stat().st_size
        state.update(size.to_bytes(8, "little"))
        with file.open("rb") as stream:
            if size <= _WHOLE:
                while block := stream.read(_BLOCK):
                    state.update(block)
            else:
                for nth in range(_BLOCKS):
                    stream.seek(nth * (size - _BLOCK) // (_BLOCKS - 1))
                    state.update(stream.read(_BLOCK))
    return state.hexdigest()


def stamp(path: Path) -> str:
    """Digest of sizes and modification times: cheap, and different whenever `fingerprint` could be."""
    stats = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in _files(path)]
    return digest(stats)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.is_file() and _counts(file.name))
    return [path]


def _counts(name: str) -> bool:
    """Whether a file of a folder is content: what systems leave beside it (.DS_Store, ._name) is not."""
    return not name.startswith(".") or name in _ZARR_2
