"""Which channels a feature set describes."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pydantic import field_validator

from napari_cellstate.core.families import FeatureSet
from napari_cellstate.core.method import setting


class OfChannels(FeatureSet):
    """Base of sets with the same columns for each of some channels."""

    columns_read: ClassVar[tuple[str, ...]] = ()
    """Measures of a channel that it reads, without the channel's number."""

    channels: str = setting(
        "0",
        "Channels",
        help="Numbers of the channels to describe, from 0, with commas between. Movies that are pooled must have "
        "all of them.",
    )

    @field_validator("channels")
    @classmethod
    def _whole_numbers(cls, text: str) -> str:
        if not re.fullmatch(r"\s*\d{1,3}\s*(,\s*\d{1,3}\s*)*", text):
            raise ValueError("expected whole numbers with commas, such as 0,1")
        return text

    @property
    def numbers(self) -> tuple[int, ...]:
        """The channels, each once, in the order given."""
        return tuple(dict.fromkeys(int(one) for one in self.channels.split(",")))

    def asks(self) -> tuple[str, ...]:
        """Columns of the cell table that it reads."""
        return tuple(f"{name}_{channel}" for channel in self.numbers for name in self.columns_read)

    def record(self) -> dict[str, Any]:
        """Method, version and settings; channels written in one way."""
        return {**super().record(), "channels": ",".join(map(str, self.numbers))}
