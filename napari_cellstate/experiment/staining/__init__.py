"""Stains after the movie: the stain image is laid over the last frame, cells are matched, and stain meets state."""
