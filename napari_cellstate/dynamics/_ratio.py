"""Division where nothing below means that the answer is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def ratio(above: NDArray[Any], below: NDArray[Any]) -> NDArray[np.float64]:
    """`above` / `below`, NaN where `below` is 0 or NaN; the shape is that of `above`."""
    result = np.full(above.shape, np.nan)
    np.divide(above, below, out=result, where=below > 0)
    return result
