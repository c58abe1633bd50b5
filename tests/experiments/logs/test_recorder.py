"""What the recorder writes, `check --run` reads, without a word more; and it spoils no file that is there."""

from pathlib import Path

import numpy as np
import pytest

import gradlag as gl
from experiments.logs.log import Norm
from experiments.logs.read import read_log
from experiments.logs.recorder import Recorder
from theory.common.errors import DataError, EnvironmentFailure


def record(path: Path, seed: int = 0, append: bool = False) -> np.ndarray:
    """Delayed gradient descent on |x|^2, in float32."""
    points = [np.array([1.5, -0.5], dtype=np.float32)]
    with Recorder(path, seed=seed, append=append) as log:
        log.record(0, np.linalg.norm(2 * points[0]))
        for k in range(1, 13):
            delay = min(k - 1, 2)
            points.append(points[-1] - np.float32(0.1) * 2 * points[k - 1 - delay])
            log.record(k, np.linalg.norm(2 * points[-1]), delay=np.int64(delay), step_size=0.1)
    return np.linalg.norm(2 * np.array(points), axis=1)


def test_a_recorded_loop_is_read_back_to_the_last_digit_and_judged(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    norms = record(path)
    log = read_log(path)
    assert log.norm is Norm.FULL and log.norms[0].tolist() == [float(norm) for norm in norms]
    assert log.delays is not None and log.delays.tolist() == [[0, 1, *[2] * 10]]
    assert log.step_sizes is not None and log.step_sizes.tolist() == [0.1] * 12
    verdict = gl.check_log(path, "log", staleness=3, constants={"L": 2, "Delta": 2.5, "sigma": 0})
    assert verdict.verdict == "holds" and verdict.assumptions["smooth"] == verdict.assumptions["bounded below"] == "ok"
    wrong = gl.check_log(path, "log", staleness=3, constants={"L": 1.5, "Delta": 5, "sigma": 0})
    assert wrong.verdict == "assumption_broken" and wrong.assumptions["smooth"] == "broken"


def test_seeds_and_resumed_parts_go_into_one_file(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    for seed in (0, 1):
        norms = record(path, seed, append=seed > 0)
    with Recorder(path, seed=1, append=True) as log:
        for k in range(11, 14):
            log.record(k, 0.5, delay=2, step_size=0.1)
    with Recorder(path, seed=0, append=True) as log:
        log.record(13, 0.25, delay=2, step_size=0.1)
    log = read_log(path)
    assert log.seeds == (0, 1) and log.times[-1] == 13
    assert log.norms[0].tolist() == [*map(float, norms), 0.25]
    assert log.norms[1].tolist() == [*map(float, norms[:11]), 0.5, 0.5, 0.5]


def test_products_of_half_batches_are_told_from_norms(tmp_path: Path) -> None:
    with Recorder(tmp_path / "log.csv") as log:
        log.record(0, grad_product=2.25)
        log.record(1, delay=0)
        log.record(2, grad_product=-0.125, delay=0)
        with pytest.raises(DataError, match=r"records grad_product\. A file of its own may record grad_norm"):
            log.record(3, 1.0)
    read = read_log(tmp_path / "log.csv")
    assert read.norm is Norm.PRODUCT and read.measured.tolist() == [[2.25, -0.125]]
    assert read.squares.tolist() == [[2.25, 0]] and read.times.tolist() == [0, 2]


def test_no_file_is_written_over_and_no_row_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    record(path)
    before = path.read_bytes()
    with pytest.raises(DataError, match=r"There is a log at .* append=True"):
        Recorder(path)
    assert path.read_bytes() == before
    with pytest.raises(EnvironmentFailure, match="cannot be written"):
        Recorder(tmp_path / "none" / "log.csv")
    with Recorder(path, append=True) as log:
        for wrong in ({"step": 1.5}, {"step": -1}, {"step": 1, "grad_norm": float("nan")}, {"step": 1, "delay": 0.5}):
            with pytest.raises(DataError):
                log.record(**wrong)
        with pytest.raises(DataError, match="Give one of them"):
            log.record(1, 1.0, grad_product=1.0)


WRONG = {
    "a negative norm": {"step": 4, "grad_norm": -0.5},
    "a text": {"step": 4, "grad_norm": "2.5"},
    "a text for a step": {"step": "4"},
    "no step": {"step": None},
    "a truth value": {"step": 4, "grad_norm": np.bool_(True)},
    "a truth value for a step": {"step": True},
    "a vector": {"step": 4, "grad_norm": np.array([1.0, 2.0])},
    "a list": {"step": 4, "grad_product": [1.0, 2.0]},
    "a step given twice": {"step": 3, "grad_norm": 1.0},
    "a step back": {"step": 2, "grad_norm": 1.0},
    "a delay that looks before the start": {"step": 4, "grad_norm": 1.0, "delay": 4},
    "an infinite step size": {"step": 4, "grad_norm": 1.0, "step_size": float("inf")},
    "a negative step size": {"step": 4, "grad_norm": 1.0, "step_size": -0.1},
}


@pytest.mark.parametrize("case", WRONG)
def test_a_row_that_no_log_can_hold_is_refused_and_the_log_goes_on(tmp_path: Path, case: str) -> None:
    path = tmp_path / "log.csv"
    with Recorder(path) as log:
        log.record(0, 3.0, delay=0)
        log.record(3, 2.0, delay=2)
        before = path.read_bytes()
        with pytest.raises(DataError):
            log.record(**WRONG[case])  # type: ignore[arg-type]
        assert path.read_bytes() == before
        log.record(4, np.array([float("inf")])[0], delay=3)
    assert path.read_bytes() == before + b"4,inf,0,3,\n"


@pytest.mark.parametrize("seed", [-2, "a", 0.5, True])
def test_a_seed_is_a_whole_number(tmp_path: Path, seed: object) -> None:
    with pytest.raises(DataError, match="seed of a row"):
        Recorder(tmp_path / "log.csv", seed=seed)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_a_log_whose_first_row_is_refused_is_no_file_and_a_closed_one_takes_no_row(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    with pytest.raises(DataError), Recorder(path) as log:
        log.record(0, float("nan"))
    assert not path.exists()
    with Recorder(path) as log:
        log.record(0, 1.0)
    with pytest.raises(DataError, match=r"is closed\. Open it again with append=True"):
        log.record(1, 0.5)
