"""Build the proofs: write what they have to say, compile, and look what they rest on.

    python -m formal.build

Coq is looked for as `coqc`. Every theorem of Link.v may rest on Coq's classical real numbers and on functional
extensionality, and on nothing else.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from formal.export import main as export
from theory.bounds.parts.checked import IN_COQ

HERE = Path(__file__).parent

#: In the order in which they need one another.
FILES = (
    "Sums", "Space", "Probability", "Objective", "Expectation", "Setting", "Sines", "Run", "Steps", "TheoremAR",
    "Corollaries", "TheoremB", "TheoremC", "Dai2019", "Means", "Published", "AverageDelay", "RandomRun", "TheoremR",
    "MovingRun", "CounterMomentum", "CentresRun", "AspRegret", "LeftOutRun", "LeaveOneOut",
    "Undelayed", "Statements", "Link", "Examples",
)  # fmt: skip
COQ = ("-q", "-w", "none", "-Q", ".", "Gradlag")

#: What Coq's library of real numbers rests on; its own mean value theorem uses the last.
AXIOMS = frozenset({
    "ClassicalDedekindReals.sig_not_dec",
    "ClassicalDedekindReals.sig_forall_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
    "Classical_Prop.classic",
})  # fmt: skip

NO_COQ = (
    "Coq is not here, and it is needed for this alone. One line gets it: Debian or Ubuntu `sudo apt-get install coq`, "
    "Fedora `sudo dnf install coq`, Arch `sudo pacman -S coq`, macOS `brew install coq`, elsewhere `opam install coq`."
)


class BuildError(Exception):
    """A file that does not compile, or a theorem that rests on more than it may."""


def theorem(name: str) -> str:
    """The theorem of Link.v about a bound.

    >>> theorem("theorem-a")
    'theorem_a_checked'
    """
    return f"{name.replace('-', '_')}_checked"


def compiled(folder: Path, file: str) -> str:
    """Compile one file of a folder, and what Coq says.

    Raises:
        BuildError: it does not compile.
    """
    done = subprocess.run(["coqc", *COQ, f"{file}.v"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{file}.v does not compile.\n{done.stderr or done.stdout}")
    return done.stdout


def stale(folder: Path) -> Iterator[str]:
    """The files to compile: those that changed since, and all after the first of them."""
    latest = 0.0
    for file in FILES:
        source, result = folder / f"{file}.v", folder / f"{file}.vo"
        made = result.stat().st_mtime if result.exists() else 0.0
        if made < max(source.stat().st_mtime, latest):
            yield file
            made = result.stat().st_mtime
        latest = made


def rests_on(folder: Path, names: tuple[str, ...] = IN_COQ) -> frozenset[str]:
    """The axioms that the theorems about these bounds rest on, as Coq prints them."""
    asked = "\n".join(f"Print Assumptions {theorem(name)}." for name in names)
    (folder / "Assumptions.v").write_text(f"From Gradlag Require Import Link.\n{asked}\n", encoding="utf-8")
    return named_in(compiled(folder, "Assumptions"))


def named_in(told: str) -> frozenset[str]:
    """The axioms in what Coq prints: a name begins a line, and its type may begin on the next one.

    >>> sorted(named_in("Axioms:\\nshort : 0 = 1\\nlong'\\n  : forall n, n = 0\\n"))
    ["long'", 'short']
    """
    starts = [line for line in told.splitlines() if line and not line[0].isspace()]
    return frozenset(line.split()[0] for line in starts if line not in ("Axioms:", "Closed under the global context"))


def checked_again(folder: Path) -> None:
    """Have all compiled files read by coqchk, Coq's second checker.

    Raises:
        BuildError: it refuses one.
    """
    done = subprocess.run(
        ["coqchk", "-silent", "-Q", ".", "Gradlag", *(f"Gradlag.{file}" for file in FILES)],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BuildError(f"coqchk refuses the compiled files.\n{done.stderr or done.stdout}")


def main() -> int:
    """Build all, say what was proved; 1 where something is not, 4 without Coq."""
    if shutil.which("coqc") is None:
        print(NO_COQ, file=sys.stderr)
        return 4
    export()
    try:
        for file in stale(HERE):
            print(f"coqc {file}.v", flush=True)
            compiled(HERE, file)
        more = rests_on(HERE) - AXIOMS
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    if more:
        print(f"The theorems rest on more than Coq's real numbers: {', '.join(sorted(more))}.", file=sys.stderr)
        return 1
    print(
        f"{len(IN_COQ)} bounds checked by Coq, on its real numbers and functional extensionality: {', '.join(IN_COQ)}."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
