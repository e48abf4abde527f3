"""What went wrong, in the user's words, with what to do. No windows here."""

from __future__ import annotations

import errno

from napari_cellstate.core.errors import CellStateError

_SAFE = "What was done stays done: Run all goes on from there."


def words(error: BaseException) -> str:
    """A sentence or two for the user; where it is not the user's to mend, with the error's own name."""
    said = str(error).strip()
    if isinstance(error, CellStateError):
        return said
    if isinstance(error, MemoryError):
        return f"Out of memory. Close other programs, or give the movie fewer frames or channels. {_SAFE}"
    if isinstance(error, RuntimeError) and "out of memory" in said.lower():
        return f"The graphics card ran out of memory. Close other programs that use it, or use the processor. {_SAFE}"
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        if error.errno == errno.ENOSPC:
            return f"The disk is full{where}. Make room, then press Run all. {_SAFE}"
        return f"{error.strerror or said}{where}. {_SAFE}"
    return f"{type(error).__name__}: {said or 'no message'}. This is a fault of the program, not yours. {_SAFE}"
