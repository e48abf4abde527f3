"""Learning to see single cells: what a net is asked for in each pixel, its input, its batches and its losses."""
