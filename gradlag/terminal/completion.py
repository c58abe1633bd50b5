"""What the TAB key offers: the script that a shell reads once, and the names that a flag may take."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from importlib import import_module

from typer import completion

#: The variable by which a shell asks `gradlag` what could come next.
ASKED = "_GRADLAG_COMPLETE"
SHELLS = ("bash", "zsh", "fish")


def script(shell: str) -> str:
    """The script that a shell reads when it starts.

    Raises:
        InputError: another shell.

    >>> "_GRADLAG_COMPLETE" in script("fish")
    True
    """
    if shell not in SHELLS:
        # Only here: what flags need must load where another `theory` hides ours.
        from theory.common.errors import InputError
        from theory.common.spelling import meant

        raise InputError(
            f"There are scripts for {', '.join(SHELLS)}. Got {shell!r}.{meant(shell, SHELLS)} In the file that bash "
            'reads when it starts, write: eval "$(gradlag --show-completion bash)"'
        )
    made = completion.get_completion_script  # type: ignore[attr-defined]  # typer hands it on without saying so
    found = made(prog_name="gradlag", complete_var=ASKED, shell=shell)
    # zsh loads its completion system only where it is told to.
    return f"autoload -Uz compinit && compinit -u\n{found}" if shell == "zsh" else str(found)


def offered() -> bool:
    """Whether a shell asks what could come next; then typer is told how shells ask."""
    if ASKED not in os.environ:
        return False
    completion.completion_init()  # type: ignore[attr-defined]
    return True


def names(module: str, *registries: str) -> Callable[[str], list[str]] | None:
    """The names of registries that begin as what is typed, looked up when a shell asks for them; else None."""

    def begun(incomplete: str) -> list[str]:
        home = import_module(module)
        return beginning([name for registry in registries for name in getattr(home, registry)], incomplete)

    return begun if ASKED in os.environ else None


def of(*words: str) -> Callable[[str], list[str]] | None:
    """Those of a few words that begin as what is typed; None where no shell asks."""
    return (lambda incomplete: beginning(words, incomplete)) if ASKED in os.environ else None


def beginning(words: Iterable[str], incomplete: str) -> list[str]:
    """The words that begin as what is typed."""
    return [word for word in words if word.startswith(incomplete)]
