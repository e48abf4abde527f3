"""Condition and replicate of a movie, said anew by hand."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from napari_cellstate.core.edits import Edit, History
from napari_cellstate.experiment.entry import MovieEntry


class DescribeMovie(Edit):
    """Say what a movie is; what was said when it was added stays where it was written.

    It belongs to no stage: conditions are part of a movie's entry, and so of the keys that depend on them.

    Attributes
    ----------
    condition, replicate : "" for none.
    """

    kind: ClassVar[str] = "describe-movie"
    condition: str = Field(max_length=200)
    replicate: str = Field(max_length=200)

    def words(self) -> str:
        """What it does."""
        replicate = f", replicate {self.replicate}" if self.replicate else ""
        return f"{self.movie} is {self.condition or 'of no condition'}{replicate}"


def described(entries: tuple[MovieEntry, ...], history: History) -> tuple[MovieEntry, ...]:
    """Entries as they are with the corrections in force."""
    said = {one.movie: one for one in history.of_class(DescribeMovie)}
    return tuple(
        entry.model_copy(update={"condition": said[entry.name].condition, "replicate": said[entry.name].replicate})
        if entry.name in said
        else entry
        for entry in entries
    )


def describes(journal: Path) -> bool:
    """Whether a journal may describe movies: a cheap look, since entries are read all the time."""
    try:
        return f'"{DescribeMovie.kind}"'.encode() in journal.read_bytes()
    except FileNotFoundError:
        return False


def as_given(
    entries: tuple[MovieEntry, ...], given: tuple[MovieEntry, ...], shown: tuple[MovieEntry, ...]
) -> tuple[MovieEntry, ...]:
    """Entries to be written: what only a correction said is put back to what was given.

    Parameters
    ----------
    given, shown : the entries on disk, without and with the corrections.
    """
    plain = {old.name: old for old, new in zip(given, shown, strict=True) if old != new}
    said = {new.name: (new.condition, new.replicate) for new in shown}
    return tuple(
        entry.model_copy(update={"condition": plain[entry.name].condition, "replicate": plain[entry.name].replicate})
        if entry.name in plain and (entry.condition, entry.replicate) == said[entry.name]
        else entry
        for entry in entries
    )
