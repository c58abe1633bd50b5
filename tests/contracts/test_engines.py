"""Contract: the numbers. Every engine, random stream, schedule and delay model gives what it gave.

Whole numbers, and streams made of + - * / and sqrt alone (which IEEE 754 fixes to the last bit), are compared exactly.
Wherever a product goes through BLAS, a sum through a vector unit or a power through the system's libm, the last bits
are those of a machine: there 1e-12 is allowed, which some ten steps enlarge last bits to at most. On the machine that
wrote the goldens, GOLDEN=exact asks for every bit.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from typing import Any

import numpy as np
import pytest

from experiments.kernels.counters import (
    DELAYS,
    INITIAL,
    MINIBATCH,
    NOISE,
    minibatch,
    normals,
    random_bits,
    stream_key,
    uniform,
    uniform_index,
)
from experiments.problems import get_problem
from experiments.servers.clock import virtual_run
from experiments.servers.job import settle
from experiments.servers.rules.adaptive import Race, run_rule
from experiments.servers.rules.rules import RULES
from experiments.servers.speeds import parse_fleet
from experiments.servers.virtual_server import serve_virtually
from experiments.simulate import simulate
from experiments.simulate.measured import MEASURES
from experiments.workers.delays import delay_law
from experiments.workers.engines.scan import drawn_delays
from experiments.workers.optimizers import OPTIMIZERS
from experiments.workers.setting import WorkerSetting
from experiments.workers.simulate import simulate_workers
from experiments.workloads import get_workload
from theory.schedules.schedule import CATALOGUE, parse_schedule
from theory.staleness.count import Staleness
from theory.staleness.delays import delay_trace, parse_delays

Values = dict[str, Any]
FILE = "engines.json"
EXACT = os.environ.get("GOLDEN") == "exact"
CLOSE = 1e-12
SEEDS = (3, 2**62)
STEPS = 8
SHOWN = 12  # numbers of a long array; its sum stands for the others


def told(values: Any) -> Any:
    """An array for the golden file: whole if it is short, else some of it, its length and its exact sum."""
    flat = np.asarray(values).ravel()
    if flat.dtype.kind in "iub":
        whole = flat.tolist()
        return whole if len(whole) <= 40 else f"sha256 {sha256(flat.astype(np.int64).tobytes()).hexdigest()}"
    numbers = flat.astype(np.float64)
    kept = numbers if numbers.size <= 40 else numbers[:: math.ceil(numbers.size / SHOWN)]
    finite = numbers[np.isfinite(numbers)]
    entry: Values = {"values": [x if math.isfinite(x) else str(x) for x in kept.tolist()]}
    if numbers.size > 40:
        # The sum of absolute values, so that it is known as well as its terms are.
        entry |= {"size": int(numbers.size), "sum": math.fsum(np.abs(finite).tolist())}
    return entry | {"bits": sha256(numbers.tobytes()).hexdigest()[:16]}


def bits(values: Any) -> str:
    """The digest of float64 or whole numbers."""
    return sha256(np.asarray(values).tobytes()).hexdigest()


def differences(written: Any, now: Any, close: float, place: str = "") -> list[str]:
    """Where numbers are not those of the golden file."""
    if isinstance(written, dict) and isinstance(now, dict):
        keys = [key for key in written if EXACT or key != "bits"]
        return [found for key in keys for found in differences(written[key], now.get(key), close, f"{place}.{key}")]
    if isinstance(written, list) and isinstance(now, list) and len(written) == len(now):
        scale = max((abs(x) for x in written if isinstance(x, float)), default=0.0)
        return [f"{place}[{i}]: {a!r} became {b!r}" for i, (a, b) in enumerate(zip(written, now, strict=True))
                if not alike(a, b, close, scale)]  # fmt: skip
    return [] if alike(written, now, close, 0.0) else [f"{place}: {written!r} became {now!r}"]


def alike(written: Any, now: Any, close: float, scale: float) -> bool:
    """Equal, or for floats as close as is allowed, in units of the largest number beside them."""
    if isinstance(written, float) and isinstance(now, float):
        return abs(written - now) <= close * max(abs(written), scale)
    return bool(written == now) and type(written) is type(now)


@pytest.fixture
def compare(golden) -> Callable[..., None]:
    """Numbers beside those that were written down."""

    def check(entry: str, now: Values, close: float = CLOSE) -> None:
        assert differences(golden(FILE, entry, now), now, close) == []

    return check


# Random numbers


def test_random_numbers_are_the_same_bits(compare):
    streams = (MINIBATCH, NOISE, INITIAL, DELAYS)
    keys = [stream_key(seed, stream, step) for seed in (0, *SEEDS) for stream in streams for step in (0, 1, 10**6)]
    places = [(key, i) for key in keys[:6] for i in (0, 1, 1000)]
    compare(
        "counters",
        {
            "streams": list(streams),
            "keys": [str(key) for key in keys],
            "bits": [str(np.uint64(random_bits(*place))) for place in places],
            "uniform": [uniform(*place).hex() for place in places],
            "index": [uniform_index(*place, 1797) for place in places],
            "minibatch": minibatch(2**62, 7, 8, 569).tolist(),
            "normals": [float(x).hex() for x in normals(3, NOISE, 2, 7)],
            "many normals": f"sha256 {bits(normals(2**62, INITIAL, 0, 10_001))}",
        },
    )


LAWS = ("uniform", "constant", "geometric:mean=1.5")


@pytest.mark.parametrize("law", LAWS)
def test_delays_of_workers_are_the_same(compare, law):
    drawn = drawn_delays(delay_law(law, 5), 2**62, range(3, 9), 4)
    compare(f"worker delays {law}", {"delays": np.asarray(drawn).astype(np.int64).ravel().tolist()})


MODELS = (
    "constant", "uniform", "geometric:mean=1.5", "cyclic:period=3", "cyclic:period=7", "normal:mean=2,sd=1.5",
    "adversarial",
)  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
def test_delay_models_draw_the_same(compare, model):
    parsed = parse_delays(model, Staleness(5))
    now = {f"seed {seed}": delay_trace(parsed, 30, seed).tolist() for seed in (0, 7)}
    now |= {"spelling": parsed.text, "probabilities": told(parsed.probabilities)}
    compare(f"delays {model}", now)


SPELLINGS = (
    *CATALOGUE, "power:a=0.6", "constant:c=0.05", "mu/(s*L*k^0.5)", "min(1/L, Delta/(k + T))", "1/(L*(d + 1))",
    "2^-(k/T)*exp(-k)*log(k + 1)*sqrt(s)*sigma",
)  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_schedules_give_the_same_steps(compare, spelling):
    delays = np.array([0, 1, 2, 0, 2, 1])
    known = {"s": 3, "L": 1.7, "mu": 0.5, "sigma": 0.8, "Delta": 2.5}
    compare(f"schedule {spelling}", {"steps": told(parse_schedule(spelling).step_sizes(6, delays=delays, **known))})


# The theorem's iteration

ENGINES = ("naive", "fused", "black-box")
OBJECTIVES = {
    "quadratic:d=3": 1,
    "nonconvex:d=2": 1,
    "logistic-cancer": 4,
    "softmax-digits": 3,
}


def measured(runs: Any, names: tuple[str, ...]) -> Values:
    return {name: told(getattr(runs, name)) for name in names}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("problem", OBJECTIVES)
def test_the_iteration_gives_the_same_run(compare, problem, engine):
    runs = simulate(
        get_problem(problem),
        0.05 / np.sqrt(np.arange(1, STEPS + 1)),
        np.minimum(np.arange(STEPS) % 3, np.arange(STEPS)),
        seeds=SEEDS,
        batch=OBJECTIVES[problem],
        window=3,
        engine=engine,
    )
    now = measured(runs, (*MEASURES, "final_points")) | {"diverged_at": runs.diverged_at.tolist()}
    if engine == "fused" and OBJECTIVES[problem] > 1:
        # The compiler may order the sum of the examples' losses; it does so anew each time that it compiles.
        now["loss"].pop("bits")
    compare(f"{engine} {problem}", now)


# Workers with caches

NETWORK = "dnn:width=4,bits=64"


def worker_runs(compare, entry, workload, setting, engine, close=CLOSE):
    runs = simulate_workers(get_workload(workload), setting, SEEDS, engine=engine)
    now = {"final": told(runs.final), "diverged_at": runs.diverged_at.tolist()}
    now |= {name: told(values) for name, values in runs.metrics.items()}
    now |= {f"coherence {name}": told(values) for name, values in (runs.coherence or {}).items()}
    compare(entry, now, close)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_workers_train_to_the_same_weights(compare, optimizer, engine):
    setting = WorkerSetting(3, 2, 6, optimizer, 0.01, batch=4, evaluate_every=3)
    worker_runs(compare, f"workers {engine} {optimizer}", NETWORK, setting, engine)


@pytest.mark.parametrize("law", LAWS)
def test_workers_whose_gradients_are_compared_on_the_way(compare, law):
    setting = WorkerSetting(2, 3, 6, "momentum", 0.01, 4, law, 2, lags=2, sample=50)
    worker_runs(compare, f"workers lags {law}", "mlr:bits=64", setting, "fused")


@pytest.mark.parametrize("workload", ["problem:logistic-cancer", "vae:width=4,latent=2,bits=64"])
@pytest.mark.parametrize("engine", ENGINES)
def test_workers_on_other_workloads(compare, workload, engine):
    setting = WorkerSetting(2, 2, 5, "adam", 0.01, batch=4, evaluate_every=5)
    worker_runs(compare, f"workers {engine} {workload}", workload, setting, engine)


def test_workers_in_single_precision(compare):
    # Single precision has 24 bits, and sums of some hundred terms lose a few of them: 1e-5.
    setting = WorkerSetting(2, 2, 5, "sgd", 0.01, batch=4, evaluate_every=5)
    worker_runs(compare, "workers single", "dnn:width=4", setting, "fused", 1e-5)


@pytest.mark.parametrize("engine", ["own", "naive"])
def test_factors_are_the_same(compare, engine):
    setting = WorkerSetting(2, 2, 5, "sgd", 0.05, batch=16, evaluate_every=5)
    worker_runs(compare, f"factors {engine}", "matrix-factorization:bits=64,rank=2", setting, engine)


def test_topics_are_the_same_counts(compare):
    setting = WorkerSetting(2, 1, 2, batch=2, evaluate_every=2)
    worker_runs(compare, "topics own", "lda:topics=3", setting, "own")


def test_scanned_workers_train_to_the_same_weights(compare):
    pytest.importorskip("jax")
    setting = WorkerSetting(2, 2, 4, "momentum", 0.01, batch=4, evaluate_every=4)
    worker_runs(compare, "workers scanned", "mlr:bits=64", setting, "scanned")


# Asynchronous servers

FLEET_LAWS = (
    "3*constant:seconds=1+1*constant:seconds=2.5", "4*exponential:mean=2", "3*lognormal:mean=1,spread=.3",
    "4*pareto:mean=1,tail=1.5", "2*bursts:every=9,lasting=3+1*exponential",
)  # fmt: skip


@pytest.mark.parametrize("bound", [None, 1])
@pytest.mark.parametrize("fleet", FLEET_LAWS)
def test_the_clock_gives_the_same_delays(compare, fleet, bound):
    trace = virtual_run(parse_fleet(fleet), 30, seed=5, bound=bound)
    now = {name: getattr(trace, name).tolist() for name in ("delays", "workers", "samples")}
    now |= {name: told(getattr(trace, name)) for name in ("read_at", "applied_at")}
    compare(f"clock {fleet} bound {bound}", now | {"description": trace.description})


@pytest.mark.parametrize("stretch", [0.0, 1.0])
def test_the_virtual_server_gives_the_same_run(compare, stretch):
    job = settle("quadratic:d=3", "1/(s*L*(d + 1))", 12, staleness=3, seed=4, record_every=3)
    run = serve_virtually(job, parse_fleet("3*exponential:mean=1"), stretch=lambda s, r: s * (1 + r) ** stretch)
    now = measured(run, ("step_sizes", "gradient_norm_squared", "loss", "final"))
    compare(f"server {stretch}", now | {"delays": run.trace.delays.tolist(), "times": run.time.tolist()})


@pytest.mark.parametrize("rule", RULES)
def test_step_rules_give_the_same_run(compare, rule):
    trace = virtual_run(parse_fleet("3*lognormal:mean=1,spread=.3+lognormal:mean=9,spread=.3"), 24, seed=1)
    race = Race(get_problem("quadratic:d=3"), 1, trace, 0.5, 6)
    track = run_rule(race, race.rule(rule, 0.05), SEEDS)
    now = {"squares": told(track.squares), "time": track.time.tolist(), "applied": told([track.applied])}
    now |= {name: told([value]) for name, value in asdict(track.rule).items()}
    compare(f"rule {rule}", now | {"steps": None if track.step_sizes is None else told(track.step_sizes)})


# Through the command

ASKED = {
    "holds": "check --schedule 1/(2*s*L) --problem quadratic:d=3 --staleness 2 --steps 12 --seeds 4",
    "coherent": "check --schedule theorem-1 --problem nonconvex:d=2 --staleness 3 --steps 12 --seeds 4 "
    "--constants mu=0.5 --delays uniform",
    "horizons": "check --schedule corollary-1 --problem quadratic:d=3 --staleness 2 --steps 12 --seeds 4",
}


@pytest.mark.parametrize("entry", ASKED)
def test_a_check_tells_the_same_numbers(gradlag, compare, tmp_path, entry):
    """Bounds that take the least over a free number find it by search, which is known to about 1e-9."""
    answer = gradlag(*ASKED[entry].split(), "--json", folder=tmp_path).json
    names = ("measured", "measured_lower", "measured_upper")
    now = {name: [None if x is None else float(x) for x in answer[name]] for name in names}
    now |= {name: answer[name] for name in ("verdict", "bound", "times", "assumptions")}
    now |= {f"bound {name}": values for name, values in answer["bounds"].items()}
    compare(f"check {entry}", now, close=1e-9)
