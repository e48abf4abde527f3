"""What can go wrong, in the user's words."""

from __future__ import annotations


class CellStateError(Exception):
    """Base of all errors that tell a user what to do; the terminal prints the message alone and exits with 2."""


class InputError(CellStateError):
    """Something given to us is not as it must be.

    The message says what, where, what was expected, what was found, and what to do.
    """


class LockedError(CellStateError):
    """Another process is writing to this experiment."""


class Cancelled(Exception):
    """Raised by a progress callable to stop the work; whatever was finished stays finished."""


class EditsAtRiskError(CellStateError):
    """A result with corrections by hand would be made anew, and some of them may find no place in it."""
