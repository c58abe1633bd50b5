"""What tests of several floors share: the command as a user meets it, and the solved studies at a tiny size."""

from __future__ import annotations

import gc
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import ArrayLike

from experiments.studies import SCALES
from experiments.studies.adaptive import AdaptiveSize
from experiments.studies.asynchronous import AsyncSize
from experiments.studies.staleness import study as staleness
from experiments.studies.study import Study
from experiments.studies.systems.fleet.system import FLEET, FleetSize
from experiments.studies.systems.focus.cells import FocusSize
from experiments.studies.systems.gaia.cells import GaiaSize
from experiments.studies.systems.registry import SYSTEMS
from experiments.studies.systems.skewscout.cells import SkewSize
from experiments.studies.theorem_step.study import TheoremStepSize
from experiments.systems.focus.trials import Grid
from gradlag.cli import execute
from tests.support.amounts import choose as choose_amounts
from theory.bounds import Bound, Setting
from theory.bounds.judging.judge import curve

if TYPE_CHECKING:  # pictures need matplotlib, which few tests do
    from figures.report.drawing import Picture
    from figures.report.exhibit import Exhibit
    from theory.common.types import Progress

# The same examples in every run, however slow the machine is.
settings.register_profile("gradlag", derandomize=True, deadline=None, database=None)
settings.load_profile("gradlag")


# What a slow machine hears besides: how far a wait is.
_PROGRESS = re.compile(r"^[^\n]*: (\d+% done, [^\n]*|(finishing, )?[\d a-z]+ so far)\n", re.M)


def pytest_configure(config: pytest.Config) -> None:
    """Keep what JAX compiles from run to run, as numba keeps what it compiles; let Ctrl-C arrive."""
    gc.set_threshold(20_000, 20, 20)  # formulas and tests are many small objects that live: dead ones are sought rarely
    choose_amounts("not long" not in config.option.markexpr)
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(config.cache.mkdir("jax")))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # what a shell starts in the background ignores Ctrl-C
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest room begins, which compiles nothing: the other process alone compiles what both will need."""
    # Thousands of tests and the modules they need live to the end: searching them for garbage finds none.
    gc.collect()
    gc.freeze()
    items.sort(key=lambda item: not item.nodeid.startswith(_SHARING[0]))


# Rooms whose tests share what takes long to make: one process has them all.
_SHARING = ("tests/theory/proofs/", "tests/figures/")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """One process runs all tests of a file, or of a room that shares what it makes."""
    from xdist.scheduler import LoadScopeScheduling

    config.option.loadscopereorder = False  # as collected: acceptance first, doctests last

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            return next((room for room in _SHARING if file.startswith(room)), file)

    return ByFile(config, log)


FEW_SETTINGS = Grid(specialised=(0, 3), radii=(0.0, 0.4, 0.6), most=(1, 2, 4), skips=(0.8, 1.0))
_TINY = {
    "experiments.studies.worst_cases.growth_with_staleness._LONGEST": {1: 20, 2: 20},
    "experiments.studies.worst_cases.delay_patterns._SHORT": ((2, 3),),
    "experiments.studies.worst_cases.delay_patterns._LONG": (12,),
    "experiments.studies.worst_cases.limit._POINTS": 4,
    "experiments.studies.worst_cases.designs._SETTINGS": ((2, 6, 0.0),),
    "experiments.studies.worst_cases.certified_witness._STEPS": 8,
    "experiments.studies.asynchronous._SIZES": AsyncSize(("noise-late",), runs=2, replays=4, virtual=3, steps=80),
    "experiments.studies.theorem_step.study._SIZES": TheoremStepSize(batches=40, evaluate_every=20, sample=90),
    "experiments.studies.adaptive._SIZES": AdaptiveSize(
        (("quadratic:d=3", 1, 40, 0.1, 1),), ("heavy",), seeds=3, tuning=2
    ),
    "experiments.studies.systems.focus.cells._SIZES": FocusSize((("made", 400), ("digits", 400)), 2, target=0.5),
    "experiments.studies.systems.fleet.system._SIZES": FleetSize(
        2, 1, updates=60, devices=10, days=2, bounded=40, trained={"steps": 3}
    ),
    "experiments.studies.systems.gaia.cells._SIZES": GaiaSize((("problem:nonconvex:d=3", 24, 1, 1e4),), 2, 1, (6,)),
    "experiments.studies.systems.skewscout.cells._SIZES": SkewSize(
        (0.0, 100.0), slice(0, None, 5), 2, 0, steps=8, period=4, hidden=(4,), trained={"step_sizes": (0.1,)}
    ),
}


@pytest.fixture(scope="session", autouse=True)
def judged_once() -> Iterator[None]:
    """A bound at the same steps, delays and constants has the same values: many tests ask for them again."""
    known: dict[tuple[object, ...], object] = {}

    def remembered(bound: Bound, setting: Setting, horizons: ArrayLike) -> object:
        arrays = (setting.step_sizes, setting.delays, np.asarray(horizons))
        key = (bound, *(array.tobytes() for array in arrays), setting.staleness, *sorted(setting.constants.items()))
        if key not in known:
            known[key] = curve(bound, setting, horizons)
        return known[key]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("experiments.check.check.curve", remembered)
        yield


@pytest.fixture(scope="session")
def shrink_studies() -> Callable[[pytest.MonkeyPatch], None]:
    """Make every solved study tiny, at every scale alike."""
    cells, others = Study.cells, set(SYSTEMS) - {FLEET.name}

    def shrink(patch: pytest.MonkeyPatch) -> None:
        for name, entry in _TINY.items():
            patch.setattr(name, dict.fromkeys(SCALES, entry))
        patch.setattr("experiments.studies.worst_cases.delay_patterns._FEW_FRACTIONS", (0.5, 0.9))
        patch.setattr("experiments.studies.worst_cases.limit.DELAYS", (0, 2))
        patch.setattr("experiments.studies.theorem_step.study.STALENESSES", (1, 3))
        patch.setattr("experiments.studies.theorem_step.study.DEPTHS", (0, 1))
        patch.setattr("experiments.studies.systems.focus.cells.GRID", FEW_SETTINGS)
        patch.setattr("experiments.systems.focus.images.STEPS", 30)
        # The staleness study has tests of its own; here it has nothing to train.
        patch.setattr(staleness, "FIGURES", dict.fromkeys(staleness.FIGURES, lambda scale: ()))
        # So has every related system; of them one is run here.
        patch.setattr(Study, "cells", lambda study, scale="quick": () if study.name in others else cells(study, scale))

    return shrink


@pytest.fixture(scope="session")
def leave_pictures_out() -> Callable[..., None]:
    """Make reports that draw the figures named at most: drawing is most of the time where it is not the claim."""

    def leave_out(patch: pytest.MonkeyPatch, *but: str) -> None:
        def draw(exhibits: Sequence[Exhibit], printed: Collection[str], jobs: int, progress: Progress) -> list[Picture]:
            from figures.report.drawing import Picture, draw_all

            drawn = [each for each in exhibits if each.name.startswith(but)]
            real = dict(zip(drawn, draw_all(drawn, printed, jobs, progress), strict=True))
            blank = {each: Picture("<svg/>", b"%PDF" if each.name in printed else None, "") for each in exhibits}
            return [(blank | real)[each] for each in exhibits]

        patch.setattr("figures.report.build.draw_all", draw)

    return leave_out


@pytest.fixture(scope="module")
def compiled_in_a_hurry() -> Iterator[None]:
    """Most of the time of tests with JAX is compilation, and speed is not tested."""
    jax = pytest.importorskip("jax")
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", before)


@dataclass(frozen=True)
class Answer:
    """What a command gave: its exit status, stdout and stderr."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout; two, or anything beside it, do not parse."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


Gradlag = Callable[..., Answer]


@pytest.fixture(scope="session")
def gradlag() -> Gradlag:
    """Call the command in a folder, in this process; what it says of waiting is left out."""

    def call(*arguments: object, folder: Path, columns: int = 80) -> Answer:
        out, err = io.StringIO(), io.StringIO()
        width = patch.dict(os.environ, {"COLUMNS": str(columns)})
        with chdir(folder), redirect_stdout(out), redirect_stderr(err), width:
            status = execute([str(argument) for argument in arguments])
        return Answer(status, out.getvalue(), _PROGRESS.sub("", err.getvalue()))

    return call


@pytest.fixture(scope="session")
def shell() -> Gradlag:
    """Call the command in a folder, in a process of its own."""

    def call(*arguments: object, folder: Path, module: str = "gradlag", **options: Any) -> Answer:
        line = [sys.executable, "-m", module, *(str(argument) for argument in arguments)]
        done = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=120, check=False, **options)
        return Answer(done.returncode, done.stdout, done.stderr)

    return call
