"""Look for inputs that crash a reader, guided by coverage: `pip install atheris`, then

python scripts/fuzz_readers.py FOLDER [-max_total_time=300]

FOLDER keeps the corpus; whole inputs are put there first. An input that leads to anything but a result, or an error
with a message, is written beside it (crash-...). The tests have a shorter search: tests/formats/test_fuzz.py.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import closing, suppress
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))

with atheris.instrument_imports(include=["napari_cellstate.formats", "napari_cellstate.experiment.recipe", "tifffile"]):
    from napari_cellstate.core.errors import CellStateError
    from napari_cellstate.experiment.recipe import read_recipe
    from napari_cellstate.formats.movies import open_movie
    from napari_cellstate.formats.tracks import read_tracks

from tests.formats.test_fuzz import RECIPE, TABLE, TIFFS, TRACKMATE_CSV, xml

SUFFIXES = ("tif", "csv", "xml", "toml")
FOLDER = Path(tempfile.mkdtemp())


def read(raw: bytes) -> None:
    """Read an input as the kind that its first byte says."""
    if not raw:
        return
    kind = SUFFIXES[raw[0] % len(SUFFIXES)]
    path = FOLDER / f"input.{kind}"
    path.write_bytes(raw[1:])
    with suppress(CellStateError):
        if kind == "tif":
            with closing(open_movie(path, time_given=True)) as movie:
                if movie.shape[0] and movie.shape[2] * movie.shape[3] < 10**6:
                    movie.read(0, 0)
        elif kind == "toml":
            read_recipe(path)
        else:
            read_tracks(path)


def main() -> None:
    """Put whole inputs into the corpus, and search."""
    corpus = Path(sys.argv[1])
    corpus.mkdir(parents=True, exist_ok=True)
    whole = [(0, one) for one in TIFFS]
    whole += [(1, TABLE.encode()), (1, TRACKMATE_CSV.encode()), (2, xml().encode()), (3, RECIPE.encode())]
    for nth, (kind, raw) in enumerate(whole):
        (corpus / f"whole-{nth}").write_bytes(bytes([kind]) + raw)
    atheris.Setup([*sys.argv, f"-artifact_prefix={corpus}/", "-rss_limit_mb=8000", "-timeout=30"], read)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
