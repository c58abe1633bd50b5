"""Proofs that replay: a small exact kernel, axioms with names, and proofs as values.

Read `kernel.py`, then `axioms.py`, then `statement.py`: these are what must be trusted. All else is checked by them.
`PROOFS` finds the proofs: every file of `theorems` that names one `PROOF...`, or several in `PROOFS`. It imports
them when it is first asked.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING

from theory.proofs import theorems

if TYPE_CHECKING:
    from theory.proofs.proof import Proof

__all__ = ["PROOFS"]


class _Proofs(Mapping[str, "Proof"]):
    """Every proof by the name of its bound: in the order of the library of bounds, then by name."""

    def __getitem__(self, name: str) -> Proof:
        own = name.replace("-", "_")
        if own in _modules():
            found = _proofs_in(importlib.import_module(f"{theorems.__name__}.{own}"))
            if name in found:
                return found[name]
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @cached_property
    def _all(self) -> Mapping[str, Proof]:
        from theory.bounds import REGISTRY

        found: dict[str, Proof] = {}
        for module in _modules():
            found |= _proofs_in(importlib.import_module(f"{theorems.__name__}.{module}"))
        return {name: found[name] for name in (*(n for n in REGISTRY if n in found), *sorted(found.keys() - REGISTRY))}


def _modules() -> tuple[str, ...]:
    """The names of the files of `theorems`."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(theorems.__path__)))


def _proofs_in(module: ModuleType) -> dict[str, Proof]:
    """What a module calls PROOF, PROOF_1, ..., and what its PROOFS hold."""
    from theory.proofs.proof import Proof

    proofs: list[Proof] = []
    for value in (value for name, value in vars(module).items() if name.startswith("PROOF")):
        several = value.values() if isinstance(value, Mapping) else value
        proofs += [value] if isinstance(value, Proof) else several
    return {proof.name: proof for proof in proofs}


#: Every proof by the name of its bound.
PROOFS: Mapping[str, Proof] = _Proofs()
