"""A user's log on the command line: what has to be said is asked for, and what was guessed is told with the verdict."""

import json

import pytest

CONSTANTS = ("--staleness", 1, "--constants", "L=1.5,Delta=4,sigma=0.6")
EXPORT = "metrics.csv"


@pytest.fixture
def export(tmp_path):
    """What Lightning writes of two epochs of four steps, with the validation between."""
    rows = [f"{k // 4},{2.5 * 0.8**k:.5g},0.05,{k},1.5," for k in range(8)]
    rows[4:4] = ["0,,,3,,0.75"]
    text = "epoch,grad_norm,lr-SGD,step,train_loss,val_loss\n" + "\n".join(rows) + "\n"
    (tmp_path / EXPORT).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_logger_s_file_is_judged_once_it_is_said_what_its_norms_are_of(gradlag, export):
    asked = gradlag("check", "--run", EXPORT, "--schedule", "log", *CONSTANTS, folder=export)
    assert asked.status == 2 and "--norm minibatch or --norm full" in asked.err
    told = gradlag("check", "--run", EXPORT, "--norm", "minibatch", "--schedule", "log", *CONSTANTS, folder=export)
    assert told.status == 3 and "step_size from 'lr-SGD'" in told.out and "no constant is tested by them" in told.out
    exact = "L=1.5,Delta=4,sigma=0"
    full = gradlag(
        "check", "--run", EXPORT, "--norm", "full", "--optimizer", "sgd", "--schedule", 0.05, "--staleness", 1,
        "--constants", exact, "--json", folder=export,
    )  # fmt: skip
    assert (full.status, full.json["verdict"]) == (3, "assumption_broken")
    assert "L is contradicted at k = 1" in full.json["sentence"]  # it falls by a fifth in a step of .05


def test_trainer_state_is_read_and_an_optimizer_that_no_bound_covers_is_told(gradlag, tmp_path):
    history = [
        {"step": k, "grad_norm": 3 / k, "learning_rate": 0.01, "epoch": k / 9, "loss": 2.5} for k in range(1, 20)
    ]
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": [*history, {"step": 19, "train_loss": 1}]}))
    line = ("check", "--run", "trainer_state.json", "--norm", "minibatch", "--schedule", "log", *CONSTANTS)
    told = gradlag(*line, "--json", folder=tmp_path)
    assert told.status == 3 and told.json["times"][-1] == 18
    assert any("begins with 1: its steps are counted from 1" in note for note in told.json["announcements"])
    assert any("say so with --optimizer sgd" in note for note in told.json["announcements"])
    adam = gradlag(*line, "--optimizer", "adam", folder=tmp_path)
    assert adam.status == 2 and "No bound covers that" in adam.err


def test_columns_squares_and_estimates_are_said_by_flags(gradlag, tmp_path):
    (tmp_path / "mine.csv").write_text("k;energy\n" + "\n".join(f"{k};{4 * 0.81**k:.12g}" for k in range(30)) + "\n")
    line = (
        "check", "--run", "mine.csv", "--columns", "step=k,grad_norm=energy", "--squared", "--norm", "full",
        "--schedule", "0.1", "--staleness", 1, "--constants", "L=1,Delta=2,sigma=0",
    )  # fmt: skip
    told = gradlag(*line, "--json", folder=tmp_path)
    assert (told.status, told.json["verdict"], told.json["assumptions"]["smooth"]) == (0, "holds", "ok")
    estimated = gradlag(*line, "--estimates", "L,Delta", "--json", folder=tmp_path)
    assert estimated.json["constants"]["L"]["known"] == "estimate"
    assert "the estimated L and Delta" in estimated.json["sentence"]
    unknown = gradlag(*line, "--estimates", "mu", folder=tmp_path)
    assert unknown.status == 2 and "mu is said to be an estimate and has no value" in unknown.err


@pytest.mark.parametrize(
    "flag", [("--norm", "full"), ("--columns", "step=k"), ("--squared",), ("--optimizer", "sgd"), ("--estimates", "L")]
)
def test_what_is_said_of_a_log_is_refused_where_there_is_none(gradlag, tmp_path, flag):
    told = gradlag(
        "check", "--schedule", "1/L", "--problem", "quadratic", "--staleness", 1, "--steps", 9, *flag, folder=tmp_path
    )
    assert told.status == 2 and f"{flag[0]} is about a training log. Give the log with --run." in told.err
