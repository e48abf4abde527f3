"""A small net that tells classes from features."""

from __future__ import annotations

from torch import Tensor, nn


class Classifier(nn.Module):
    """Two hidden layers with dropout.

    Parameters
    ----------
    features, classes : numbers in and out.
    width : of the hidden layers.
    dropout : share of the hidden numbers that are left out in training.
    """

    def __init__(self, features: int, classes: int, *, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(features, width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(width, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, features) to scores (B, classes), before softmax."""
        scores: Tensor = self.layers(x)
        return scores
