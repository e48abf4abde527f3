"""Something wrong with an experiment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from napari_cellstate.core.errors import CellStateError
from napari_cellstate.formats.format import reading


@dataclass(frozen=True)
class Finding:
    """One thing that is broken.

    Attributes
    ----------
    where : file and place in it, relative to the experiment.
    problem : what is wrong with it.
    mend : what to do.
    """

    where: str
    problem: str
    mend: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}; {self.mend}"


@dataclass
class Findings:
    """Everything that was found so far in the experiment at `root`."""

    root: Path
    _found: list[Finding] = field(default_factory=list)

    def add(self, where: str, problem: str, mend: str) -> None:
        """Note something."""
        self._found.append(Finding(where, problem, mend))

    def all(self) -> tuple[Finding, ...]:
        """All of it."""
        return tuple(self._found)

    def again(self, path: Path) -> str:
        """How to mend a result: remove its record, so that its stage is done again."""
        return f"remove {path.relative_to(self.root).as_posix()} and do: napari-cellstate run {self.root}"

    @contextmanager
    def noting(self, where: str, mend: str) -> Iterator[None]:
        """Note whatever reading a damaged file raises."""
        try:
            with reading(where):
                yield
        except CellStateError as error:
            self.add(where, str(error).removeprefix(f"{where}: "), mend)
