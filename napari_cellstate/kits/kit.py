"""All checks of the kit, by family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_cellstate.kits import feature_sets, linkers, points, segmenters, settings

Check = Callable[[Any], None]

CHECKS: dict[str, tuple[Check, ...]] = {
    "segment": segmenters.CHECKS,
    "link": linkers.CHECKS,
    "features": feature_sets.CHECKS,
    "embed": points.EMBED_CHECKS,
    "states": points.STATE_CHECKS,
}
"""What methods of a family must do, beside `SETTINGS`."""

SETTINGS: tuple[Check, ...] = settings.CHECKS
"""What every method's settings must do."""
