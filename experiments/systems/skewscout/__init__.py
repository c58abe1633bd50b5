"""Partitions whose labels differ: training methods that communicate less, normalisation, and SkewScout's controller."""
