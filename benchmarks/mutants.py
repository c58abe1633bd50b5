"""Mutation score of the proofs: `python benchmarks/mutants.py [MUTANTS PER PROOF]`, or `make mutants`.

Every proof is changed in one place at a time; the table says how many changes the kernel rejects. A change that leaves
the statement what it was is no mistake and is counted apart; every other survivor is a gap, and is printed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from theory.proofs import PROOFS
from theory.proofs.refuting.mutants import Score, TriedMutant, judge, score

MOST = 60
_ROW = "{:<24} {:>8} {:>8} {:>11} {:>6} {:>9} {:>8}"


def main(most: int) -> int:
    """Print the table; 1 if there is a gap, or if less than 99 % of all mutants are rejected."""
    print(_ROW.format("proof", "mutants", "killed", "equivalent", "gaps", "rejected", "seconds"))
    found: list[TriedMutant] = []
    start = time.perf_counter()
    for name, proof in PROOFS.items():
        began = time.perf_counter()
        verdicts = judge(proof, most)
        found += verdicts
        print(_row(score(name, verdicts), time.perf_counter() - began), flush=True)
    whole = score("all", found)
    print(_row(whole, time.perf_counter() - start))
    _list("Gaps", whole.gaps)
    _list("Equivalent", (verdict.mutant.text() for verdict in found if verdict.outcome == "equivalent"))
    if whole.crashed:
        print(f"{whole.crashed} of the killed were refused by Python itself, not by a rule.")
    return int(bool(whole.gaps) or whole.killed < 0.99 * whole.made)


def _row(one: Score, seconds: float) -> str:
    share = f"{100 * one.killed / max(1, one.made):.1f} %"
    return _ROW.format(one.name, one.made, one.killed, one.equivalent, len(one.gaps), share, f"{seconds:.1f}")


def _list(title: str, lines: Iterable[str]) -> None:
    listed = [f"  {line}" for line in lines]
    if listed:
        print("\n".join([f"{title}:", *listed]))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else MOST))
