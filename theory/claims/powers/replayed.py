"""Which closed forms the kernel replays: those at steps eta and eta/sqrt(k)."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from theory.claims.powers import theorem_a, theorem_b, tight_sum
from theory.claims.powers.bounds import FORMS
from theory.proofs.proof import Proof

_PROOFS = {"theorem-a": theorem_a.proof, "theorem-b": theorem_b.proof, "dai2019-tight": tight_sum.proof}


@cache
def replayed(name: str, p: Fraction) -> Proof | None:
    """The proof of a closed form at steps eta k^{-p}, if the kernel accepts that it is one."""
    if p not in (Fraction(0), Fraction(1, 2)):
        return None
    form = FORMS[name]
    bound = form.bound(p)
    proof = _PROOFS[form.of.name](bound, p)
    return proof if proof.against(bound).proved else None
