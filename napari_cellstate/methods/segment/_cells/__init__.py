"""From a net's maps to cells."""
