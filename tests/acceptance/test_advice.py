"""Whatever a verdict advises works for the case at hand: every flag in its words is tried beside the flags given."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from theory.bounds import REGISTRY

OWN = (
    "import numpy as np\ninitial_point = [1.0, -0.5]\nconstants = {'L': 1.5, 'Delta': 1.0, 'sigma': 0.9}\n\n"
    "def gradient(x, rng):\n    return 1.5 * x + 0.6 * rng.normal(size=2)\n\n"
    "def full_gradient(x):\n    return 1.5 * x\n"
)
# A gap that is half of the true one, which no loss shows.
QUIET = "initial_point = [1.0]\nconstants = {'L': 1.0, 'Delta': 0.126}\n\ndef gradient(x):\n    return 0.5 * x\n"
PLACEHOLDERS = {"NUMBER": "0.5", "K": "5", "M": "1e6"}
# As many runs as a test has time for: whether a flag is taken does not depend on the number.
MANY = 60


def log(
    seeds: int, every: int = 1, steps: int = 30, norm: float = 0.4, alike: bool = False, spread: float = 0.4
) -> str:
    rng = np.random.default_rng(seeds)
    rows = norm * rng.gamma(1 / spread, spread, (seeds, steps + 1)) ** 0.5
    rows[:, 0] = min(norm, 1.0)
    rows = np.tile(rows[:1], (seeds, 1)) if alike else rows
    lines = (f"{k},{rows[s, k]:.17g},{s}" for s in range(seeds) for k in range(0, steps + 1, every))
    return "step,grad_norm,seed\n" + "\n".join(lines) + "\n"


GIVEN = "--staleness 1 --constants L=1,Delta=1,sigma=1"
CASES = {
    "a run of one seed": "--problem quadratic:d=2 --schedule 1/(2*L) --staleness 2 --steps 30 --seeds 1",
    "a run of few seeds": "--problem quadratic:d=2 --schedule 0.05/L --staleness 2 --steps 20 --seeds 3",
    "a run with a stride": "--problem quiet.py --schedule 0.1 --staleness 1 --steps 5 --seeds 1 --record-every 5",
    "a run over several T": "--problem quadratic:d=2 --schedule 1/(L*sqrt(T)) --staleness 1 --steps 32 --seeds 3",
    "a run that diverges": "--problem quadratic:d=2 --schedule 0.9/L --staleness 6 --steps 300 --seeds 3",
    "a run with coherence": "--problem nonconvex:d=3 --schedule 0.1/L --staleness 4 --steps 60 --seeds 4 "
    "--constants mu=0.2 --record-every 7 --bound dai2019-tight",
    "an objective of one's own": "--problem own.py --schedule 0.05 --staleness 2 --steps 60 --seeds 4",
    "a log of one run": f"--run one.csv --schedule 0.05 {GIVEN}",
    "a log of few runs": f"--run few.csv --schedule 0.05 {GIVEN}",
    "a log at intervals": f"--run thin.csv --schedule 0.05 {GIVEN}",
    "a log at intervals without noise": "--run quiet.csv --schedule 0.1 --staleness 1 "
    "--constants L=1,Delta=0.126,sigma=0",
    "a log of copies": f"--run copies.csv --schedule 0.05 {GIVEN}",
    "a log of heavy tails": f"--run heavy.csv --schedule 0.05 {GIVEN}",
    "a file of a logger": f"--run logger.csv --norm minibatch --schedule 0.05 {GIVEN}",
    "a log against every bound": f"--run few.csv --schedule 0.05 {GIVEN},mu=0.5 "
    + " ".join(f"--bound {name}" for name, bound in REGISTRY.items() if not bound.given),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("advice")
    (tmp_path / "own.py").write_text(OWN)
    (tmp_path / "quiet.py").write_text(QUIET)
    logs = {
        "one": log(1, norm=1.3),
        "few": log(4, norm=1.3),
        "thin": log(12, every=6, norm=1.4),
        "quiet": f"step,grad_norm\n0,0.5\n5,{0.5 * 0.95**5:.17g}\n",
        "copies": log(5, alike=True),
        "logger": log(1).replace("step,grad_norm,seed", "global_step,train/grad_norm,epoch"),
        "heavy": log(30, norm=0.6, spread=4.0),
    }
    for name, text in logs.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


@pytest.fixture(scope="module")
def checked(gradlag, place: Path) -> Callable[[str], Any]:
    """What each case is told: both tests ask."""
    return cache(lambda case: gradlag("check", *shlex.split(CASES[case]), "--json", folder=place))


def told(verdict: dict[str, Any]) -> Iterator[str]:
    """Everything that a verdict says in words."""
    for part in (verdict, *verdict["bounds_detail"].values()):
        yield part["sentence"]
        yield part["would_decide"] or ""
    yield from verdict["announcements"]
    yield from verdict["findings"].values()


def advised(text: str) -> Iterator[list[str]]:
    """The flags in a text with their values, placeholders filled in; alternatives one by one."""
    for flag, value, other in re.findall(r"(--[a-z-]+)(?: ([^\s,;)]+))?(?: or ([a-z]+:[A-Z]))?", text):
        assert value and not value.startswith("("), f"{flag} without a value in {text!r}"
        for each in filter(None, (value.rstrip("."), other)):
            filled = re.sub(r"\b(NUMBER|K|M)$", lambda found: PLACEHOLDERS[found[1]], each)
            yield [flag, str(min(int(filled), MANY)) if flag == "--seeds" else filled]


@pytest.mark.parametrize("case", CASES)
def test_every_flag_that_a_verdict_advises_is_taken_beside_those_given(
    gradlag, checked, place: Path, case: str
) -> None:
    given, found = shlex.split(CASES[case]), checked(case)
    assert found.status in (0, 1, 3), found.err
    words = list(told(found.json))
    for flags in {tuple(flags) for text in words for flags in advised(text)}:
        kept = with_constants(given, flags)
        again = gradlag("check", *kept, "--json", folder=place)
        assert again.status in (0, 1, 3), (flags, again.err)
    if "--run" in given:
        assert not [text for text in words if re.search(r"--(seeds|seed|record-every|batch|problem|schedule)\b", text)]


def with_constants(given: list[str], flags: tuple[str, ...]) -> list[str]:
    """The flags added; constants join those given."""
    if flags[0] != "--constants" or "--constants" not in given:
        return [*given, *flags]
    at = given.index("--constants") + 1
    others = [part for part in given[at].split(",") if part.split("=")[0] not in flags[1]]
    return [*given[:at], ",".join([*others, flags[1]]), *given[at + 1 :]]


def test_the_cases_do_get_advice(checked) -> None:
    """Runs are told of --seeds, --record-every and --tails, logs how to log more; else nothing would be tested."""
    seen = {case: " ".join(told(checked(case).json)) for case in CASES}
    assert "--seeds 32" in seen["a run of one seed"] and "--record-every 1" in " ".join(seen.values())
    assert "--tails kappa:K" in seen["a run of few seeds"]
    assert (
        "column seed" in seen["a log of one run"]
        and "every step in the log" in seen["a log at intervals without noise"]
    )
    assert "--optimizer sgd" in seen["a file of a logger"]
    assert "take the schedule '" in seen["a log against every bound"]
