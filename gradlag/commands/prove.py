"""`gradlag prove`: proofs replayed, as text, LaTeX or JSON; without a name all of them, one line each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from experiments.common.progress import time_left
from gradlag.terminal.output import print_prose, print_table, print_text, silent, text_width
from theory.bounds.parts.checked import COQ_ALONE
from theory.common.errors import InputError
from theory.common.shown import Shown
from theory.common.spelling import meant
from theory.common.types import Say
from theory.proofs import PROOFS
from theory.proofs.printing.printed import Account, described, replay, summary, text
from theory.proofs.printing.printed import latex as typeset


@dataclass(frozen=True, eq=False, repr=False)
class Replayed(Shown):
    """Proofs that were replayed; name: the one that was asked for, None where it was all of them."""

    name: str | None
    accounts: tuple[Account, ...]

    def __repr__(self) -> str:
        return "; ".join(f"{account.name}: {summary(account)}" for account in self.accounts)

    @property
    def proved(self) -> bool:
        """Whether every proof holds."""
        return all(account.proved for account in self.accounts)

    @property
    def exit_status(self) -> int:
        """The exit status of the command: 0 where every proof holds, 1 where one does not."""
        return int(not self.proved)

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints: one proof, or all of them in `proofs`."""
        told = [described(account) for account in self.accounts]
        return {"proved": self.proved, "proofs": told} if self.name is None else told[0]


def prove(name: str | None = None, *, announce: Say = silent) -> Replayed:
    """Replay the proof of that name, or every one.

    Args:
        name: a bound of `bounds`; all by default.
        announce: hears which one is at work, where it is all of them.

    Returns:
        The proofs step by step, each step with its claim, reason and rules, and the axioms that they rest on.

    Raises:
        InputError: there is no such proof; the sentence lists those there are.

    >>> prove("ghadimi2013").proved
    True
    """
    if name in COQ_ALONE:
        raise InputError(
            f"The proof of {name} is checked by Coq alone: formal/ in the sources, `make formal`. Its steps stand in "
            f"theory/bounds/{name.replace('-', '_')}.py."
        )
    if name is not None and name not in PROOFS:
        raise InputError(f"There is no proof named {name!r}.{meant(name, PROOFS)} The proofs are {', '.join(PROOFS)}.")
    return Replayed(name, tuple(_replayed(announce) if name is None else (replay(PROOFS[name]),)))


def _replayed(announce: Say) -> Iterator[Account]:
    began = perf_counter()
    for done, (name, proof) in enumerate(PROOFS.items()):
        left = f", {time_left(perf_counter() - began, done, len(PROOFS) - done)}" if done else ""
        announce(f"replaying {name} ({done + 1} of {len(PROOFS)}{left})")
        yield replay(proof)


def show(found: Replayed, *, latex: bool = False) -> None:
    """One proof whole; or a line for each, and why one fails that does."""
    if latex:
        print_text("\n".join(map(typeset, found.accounts)))
    elif found.name is not None:
        print_text(text(found.accounts[0], text_width()))
    else:
        _print_table(found)


def _print_table(found: Replayed) -> None:
    rows = [
        (
            account.name,
            str(len(account.steps)),
            str(account.applications),
            str(len(account.axioms)),
            f"{account.seconds:.1f}",
            "proved" if account.proved else "NOT PROVED",
        )
        for account in found.accounts
    ]
    print_table(("proof", "steps", "rules applied", "axioms", "seconds", "outcome"), rows)
    print_prose(*(f"{account.name}: {summary(account)}" for account in found.accounts if not account.proved))
    seconds = sum(account.seconds for account in found.accounts)
    proved = sum(account.proved for account in found.accounts)
    told = f"{proved} of {len(found.accounts)} proved in {seconds:.1f} s."
    print_prose(f"{told} `gradlag prove NAME` shows one, step by step.")
