"""The examples of docs/your-training.md run as they stand, and what they record is judged."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

import gradlag as gl

PAGE = Path(__file__).parents[2] / "docs" / "your-training.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
JAX, TORCH, CONSTANTS = BLOCKS


def run(*blocks: str) -> dict[str, object]:
    names: dict[str, object] = {}
    exec(compile("\n".join(blocks), str(PAGE), "exec"), names)
    return names


def test_the_page_has_an_example_of_each_library_and_of_the_constants():
    for block in BLOCKS:
        compile(block, str(PAGE), "exec")  # also where the library is not there to run it
    assert "import jax" in JAX and "import torch" in TORCH and "--estimates L,Delta,sigma" in CONSTANTS


@pytest.mark.skipif(find_spec("jax") is None, reason="needs JAX")
def test_a_loop_in_jax_is_recorded_and_judged_by_constants_that_are_estimates(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = run(JAX, CONSTANTS)
    told = capsys.readouterr().out.splitlines()
    verdict, constants = names["verdict"], names["constants"]
    assert re.fullmatch(r"gradlag check --run log.csv .* --constants L=[0-9.]+,Delta=[0-9.]+,sigma=[0-9.]+ .*", told[0])
    assert verdict.seeds == 16 and verdict.times[-1] == 100 and verdict.verdict == "holds"
    assert verdict.sentence.startswith("Given the estimated L") and verdict.assumptions["smooth"] == "unknown"
    # The objective is logistic with features of variance one: L is near lambda_max/4 + 0.1, and no more than that.
    assert 0.2 < constants["L"] < 0.7


@pytest.mark.skipif(find_spec("torch") is None, reason="needs PyTorch")
def test_a_loop_in_torch_is_recorded_and_judged(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(TORCH)
    verdict = gl.check_log("torch.csv", "log", staleness=1, constants={"L": 10, "Delta": 10, "sigma": 5})
    assert verdict.times[-1] == 100 and verdict.verdict in ("holds", "undecided")
