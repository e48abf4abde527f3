"""Links between rows of `Points`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Links:
    """Links between rows of `Points`, what each is worth in nats, and how sure it is (0 to 1)."""

    source: Ints
    target: Ints
    gain: Floats
    sure: Floats

    @classmethod
    def joined(cls, parts: list[Links]) -> Links:
        """All links of several."""
        no, none = np.empty(0, np.int64), np.empty(0)
        blank = cls(no, no, none, none)
        names = ("source", "target", "gain", "sure")
        return cls(*(np.concatenate([getattr(part, name) for part in [blank, *parts]]) for name in names))

    def only(self, which: NDArray[np.bool_]) -> Links:
        """Those of a mask."""
        return Links(self.source[which], self.target[which], self.gain[which], self.sure[which])
