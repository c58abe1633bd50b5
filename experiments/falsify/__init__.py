"""Attempts to break the bounds of the library, inside their domains and at every edge."""

from experiments.falsify.falsifier import falsify
from experiments.falsify.finding import ROUNDING, Edge, Finding, Witness

__all__ = ["ROUNDING", "Edge", "Finding", "Witness", "falsify"]
