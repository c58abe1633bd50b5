"""`gradlag check --claim`: a bound of the user's own is proved, refuted with a witness, or left open."""

from __future__ import annotations

from experiments.claims.check_claim import check_claim
from experiments.claims.verdict import ClaimVerdict
from gradlag.terminal.output import number, print_prose, print_table

__all__ = ["check_claim", "show"]


def show(found: ClaimVerdict) -> None:
    """What is known of a claim: the word, why, and the numbers at each T."""
    print_prose(f"{str(found.verdict).upper()}. {found.sentence}")
    if found.would_decide:
        print_prose(f"What would decide it: {found.would_decide}")
    for place, step in enumerate(found.steps, 1):
        print_prose(f"{place}. {step.title} ({step.rule}{'' if step.ok else ', FAILS'})")
    known = [(t, *row) for t, *row in zip(found.times, found.claimed, found.upper, found.lower, strict=True)]
    if any(value is not None for row in known for value in row[2:]):
        rows = [(str(t), *(number(value, 6) for value in row)) for t, *row in known]
        print_table(("T", "claimed", "worst case at most", "a function has"), rows)
    if found.witness:
        print_prose(f"The witness is {found.witness}. `gradlag verify {found.witness}` checks it.")
    if found.certificates:
        print_prose(f"The last certificate is {found.certificates[-1]}. `gradlag verify` checks it.")
