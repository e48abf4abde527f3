"""Differences between conditions: pure functions with frozen results, in which n is replicates.

A replicate is what was drawn by itself from the world: an animal, a donor, a day's culture. Cells, windows and movies
of one replicate resemble each other and are never counted as if they did not. States, scaling and embedding must
have been made without knowledge of the condition: a classifier trained to tell conditions apart finds a difference
between any two, and a test of what it found says nothing.
"""
