"""`gradlag prove`: proofs replayed, as text, LaTeX or JSON; without a name all of them, one line each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradlag.terminal.output import print_prose, print_table, print_text, text_width
from theory.common.errors import InputError
from theory.proofs import PROOFS
from theory.proofs.printing import Account, described, latex, replay, summary, text

ALL_PROVED, ONE_FAILED = 0, 1


def replay_proofs(name: str | None, announce: Callable[[str], None] | None = None) -> list[Account]:
    """Replay the proof of that name, or every one; `announce` hears which one is at work.

    Raises:
        InputError: there is no such proof; the sentence lists those there are.
    """
    return [_replayed(proof, announce if name is None else None) for proof in ([name] if name else PROOFS)]


def _replayed(name: str, announce: Callable[[str], None] | None) -> Account:
    try:
        proof = PROOFS[name]
    except KeyError:
        raise InputError(f"There is no proof named {name!r}. The proofs are {', '.join(PROOFS)}.") from None
    if announce:
        announce(f"replaying {name} ({list(PROOFS).index(name) + 1} of {len(PROOFS)})")
    return replay(proof)


def describe(accounts: Sequence[Account], name: str | None) -> dict[str, Any]:
    """What `--json` prints: one proof, or all of them in `proofs`."""
    if name is not None:
        return described(accounts[0])
    return {"proved": all(account.proved for account in accounts), "proofs": [described(one) for one in accounts]}


def print_proofs(accounts: Sequence[Account], name: str | None, as_latex: bool = False) -> None:
    """One proof whole; or a line for each, and why one fails that does."""
    if as_latex:
        print_text("\n".join(latex(account) for account in accounts))
    elif name is not None:
        print_text(text(accounts[0], text_width()))
    else:
        _print_table(accounts)


def _print_table(accounts: Sequence[Account]) -> None:
    rows = [
        (
            account.name,
            str(len(account.steps)),
            str(account.applications),
            str(len(account.axioms)),
            f"{account.seconds:.1f}",
            "proved" if account.proved else "NOT PROVED",
        )
        for account in accounts
    ]
    print_table(("proof", "steps", "rules applied", "axioms", "seconds", "outcome"), rows)
    print_prose(*(f"{account.name}: {summary(account)}" for account in accounts if not account.proved))
    seconds = sum(account.seconds for account in accounts)
    proved = sum(account.proved for account in accounts)
    print_prose(f"{proved} of {len(accounts)} proved in {seconds:.1f} s. `gradlag prove NAME` shows one, step by step.")


def exit_status(accounts: Sequence[Account]) -> int:
    """0 where every proof holds, 1 where one does not."""
    return ALL_PROVED if all(account.proved for account in accounts) else ONE_FAILED
