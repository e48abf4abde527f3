"""Conditions against each other: states, occupancy, rates, distances and means, with replicates as n."""
