"""The library of bounds: one frozen object per published result, found by name."""

from collections.abc import Mapping
from types import MappingProxyType

from theory.bounds.assumptions import Assumption, Source
from theory.bounds.base import Bound
from theory.bounds.conditions import Condition, Failure, Relation
from theory.bounds.corollaries import COROLLARY_1, COROLLARY_2
from theory.bounds.dai2019 import FACTOR_S_SUM, STATED, TIGHT_SUM
from theory.bounds.setting import Setting
from theory.bounds.theorem_a import THEOREM_A
from theory.bounds.theorem_b import THEOREM_B
from theory.errors import InputError

__all__ = ["REGISTRY", "Assumption", "Bound", "Condition", "Failure", "Relation", "Setting", "Source", "get"]

_ALL = (STATED, FACTOR_S_SUM, TIGHT_SUM, THEOREM_A, THEOREM_B, COROLLARY_1, COROLLARY_2)

#: Every bound by its name.
REGISTRY: Mapping[str, Bound] = MappingProxyType({bound.name: bound for bound in _ALL})


def get(name: str) -> Bound:
    """The bound of that name.

    Raises:
        InputError: there is none; the sentence lists those there are.

    >>> get("theorem-a").iterates
    'x_0..x_T'
    """
    if name not in REGISTRY:
        raise InputError(f"There is no bound named {name!r}. The bounds are {', '.join(REGISTRY)}.")
    return REGISTRY[name]
