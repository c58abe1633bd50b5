"""What loggers write is read as it is meant: its form, its names, its counting of steps; what was guessed is said."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from experiments.logs.columns import parse_columns
from experiments.logs.log import Norm, TrainingLog
from experiments.logs.read import read_log
from theory.common.errors import DataError, InputError

Read = Callable[..., TrainingLog]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(text: str, name: str = "log.csv", **options: object) -> TrainingLog:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return read_log(path, **options)  # type: ignore[arg-type]

    return read


# Lightning's CSVLogger: the validation rows and those of the learning rate have no norm.
LIGHTNING = """epoch,grad_norm,lr-SGD,step,train_loss,val_loss
0,,0.05,0,,
0,2.5,,0,1.1,
0,1.25,,1,0.9,
0,,0.05,1,,
0,,,1,,0.8
1,0.75,,2,0.5,
"""
KERAS = "epoch;accuracy;grad_norm;loss\n0;0.5;1.75;0.9\n1;0.6;1.5;0.8\n2;0.7;0.5;0.7\n"
# pandas.DataFrame(trainer.state.log_history).to_csv(): an index without a name, and a row that sums up.
HISTORY = """,loss,grad_norm,learning_rate,epoch,step,train_runtime
0,2.1,3.5,0.01,0.1,1,
1,1.9,2.25,0.01,0.2,2,
2,1.7,1.5,0.01,0.3,3,
3,,,,0.3,3,12.5
"""
TRAINER_STATE = json.dumps(
    {
        "best_metric": None,
        "global_step": 1200,
        "log_history": [
            {"epoch": 0.5, "grad_norm": 4.5, "learning_rate": 5e-05, "loss": 2.5, "step": 400},
            {"epoch": 0.5, "eval_loss": 2.25, "step": 400},
            {"epoch": 1.0, "grad_norm": 2.5, "learning_rate": 5e-05, "loss": 1.5, "step": 800},
            {"epoch": 1.5, "grad_norm": 1.5, "learning_rate": 5e-05, "loss": 1.25, "step": 1200},
            {"epoch": 1.5, "step": 1203, "total_flos": 1e15, "train_loss": 1.75},
        ],
    },
    indent=2,
)
CURVE = "brisk-fox-3 - train/grad_norm"
WANDB = f""""Step","{CURVE}","{CURVE}__MIN","{CURVE}__MAX"
"0","2.75","2.75","2.75"
"1","1.5","1.5","1.5"
"2","1.25","1.25","1.25"
"""
TENSORBOARD = "Wall time,Step,Value\n1700000000.5,0,6.5\n1700000001.5,1,3.25\n1700000002.5,2,1.5\n"
LINES = (
    '{"global_step": 0, "train": {"grad_norm": 1.5, "lr": 0.1}}\n\n{"global_step": 1, "train": {"grad_norm": 1.25, '
    '"lr": 0.1}}\n{"global_step": 1, "val_loss": null}\n{"global_step": 2, "train": {"grad_norm": null, "lr": 0.1}}\n'
    '{"global_step": 3, "train": {"grad_norm": 0.75, "lr": 0.1}}\n'
)

LOGS = {
    "Lightning": (LIGHTNING, "metrics.csv", [0, 1, 2], [2.5, 1.25, 0.75]),
    "Hugging Face, through pandas": (HISTORY, "history.csv", [0, 1, 2], [3.5, 2.25, 1.5]),
    "Hugging Face, trainer_state.json": (TRAINER_STATE, "trainer_state.json", [399, 799, 1199], [4.5, 2.5, 1.5]),
    "Weights & Biases": (WANDB, "wandb.csv", [0, 1, 2], [2.75, 1.5, 1.25]),
    "JSON lines": (LINES, "log.jsonl", [0, 1, 3], [1.5, 1.25, 0.75]),
    "a list in JSON": ('[{"step": 0, "Grad_Norm": 2}, {"step": 1, "Grad_Norm": 1.5}]', "a.json", [0, 1], [2, 1.5]),
    "columns in JSON": ('{"iteration": [0, 1], "gradient_norm": [2, 1.5]}', "b.json", [0, 1], [2, 1.5]),
    "pandas by columns": ('{"iter":{"0":0,"1":1},"gnorm":{"0":2.0,"1":1.5}}', "c.json", [0, 1], [2, 1.5]),
    "pandas, split": ('{"columns":["iter","gnorm"],"index":[0,1],"data":[[0,2],[1,1.5]]}', "d.json", [0, 1], [2, 1.5]),
    "tabs": ("global_step\tgradient norm\n0\t2\n7\t1.5\n", "log.tsv", [0, 7], [2, 1.5]),
    "blanks": ("  iter   gnorm\n   0   2.0\n  10   1.5  \n", "log.txt", [0, 10], [2, 1.5]),
    "bars": ("grad-norm|trainer/global_step\n2|0\n1.5|1\n", "log.csv", [0, 1], [2, 1.5]),
    "steps counted from 0, at intervals": ("Step,Grad_Norm\n24,2\n49,1\n74,.5\n", "l.csv", [24, 49, 74], [2, 1, 0.5]),
    "steps counted from 1, at intervals": ("Step,Grad_Norm\n25,2\n50,1\n75,.5\n", "l.csv", [24, 49, 74], [2, 1, 0.5]),
    "a spreadsheet's hint, remarks, whole numbers as floats": (
        "sep=;\n# a remark\nStep;Grad_Norm\n0.0;2.0\n# another\n1.000e+00;1.5\n", "x.csv", [0, 1], [2, 1.5],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LOGS)
def test_a_logger_s_file_is_read_once_it_is_said_what_its_norms_are_of(read: Read, case: str) -> None:
    text, name, times, norms = LOGS[case]
    for norm in ("full", "minibatch"):
        log = read(text, name, norm=norm)
        assert (log.times.tolist(), log.norms.tolist(), log.norm) == (times, [norms], Norm(norm))
        assert any("Read from the log" in sentence for sentence in log.said) or "Lightning" in case or "pandas" in case
    with pytest.raises(InputError, match="--norm minibatch or --norm full"):
        read(text, name)
    with pytest.raises(InputError, match="full or minibatch"):
        read(text, name, norm="both")


def test_a_log_that_counts_from_1_says_so_and_knows_how_many_steps_were_taken(read: Read) -> None:
    log = read(TRAINER_STATE, "trainer_state.json", norm="minibatch")
    assert log.steps == 1203
    assert any("begins with 400: its steps are counted from 1" in sentence for sentence in log.said)
    assert any("1 of its 4 steps have no gradient norm" in sentence for sentence in log.said)
    # A row of step 0, without a norm, says that the others are about x_k.
    own = read("step,grad_norm\n0,\n5,1\n10,.5\n")
    assert own.times.tolist() == [5, 10]


def test_epochs_are_no_steps_unless_the_user_says_so(read: Read) -> None:
    with pytest.raises(DataError, match=r"no column step.*--columns step=epoch"):
        read(KERAS, norm="full")
    log = read(KERAS, norm="full", columns={"step": "epoch"})
    assert (log.times.tolist(), log.norms.tolist()) == ([0, 1, 2], [[1.75, 1.5, 0.5]])


def test_several_runs_of_one_export_are_seeds(read: Read) -> None:
    text = '"Step","a - loss","calm-sun-1 - grad_norm","calm-sun-1 - grad_norm__MIN","warm-sea-2 - grad_norm"\n'
    log = read(text + "0,1,3,3,5\n1,1,2,2,4\n2,1,1,1,\n", norm="full")
    assert (log.seeds, log.times.tolist(), log.norms.tolist()) == ((0, 1), [0, 1], [[3, 2], [5, 4]])
    assert any("seed 1 is 'warm-sea-2 - grad_norm'" in sentence for sentence in log.said)


def test_columns_that_the_user_names_are_taken_whatever_they_are_called(read: Read) -> None:
    text = "grad_norm,a,b=c,s\n9,2,0,4\n9,1,1,4\n"
    log = read(text, norm="full", columns={"grad_norm": "a", "step": "b=c", "seed": "s"})
    assert (log.times.tolist(), log.norms.tolist(), log.seeds) == ([0, 1], [[2, 1]], (4,))
    with pytest.raises(DataError, match=r"no column 'train/gradnorm'\. Did you mean 'train/grad_norm'\?"):
        read("step,train/grad_norm\n0,1\n1,1\n", columns={"grad_norm": "train/gradnorm"}, norm="full")


@pytest.mark.parametrize("told", ["grad_norm", "learning_rate=lr", "grad_norm=", "step=a,step=b", "=x"])
def test_columns_are_told_by_role_and_name_each_once(read: Read, told: str) -> None:
    with pytest.raises(InputError, match=r"grad_norm=NAME,step=NAME|given twice in --columns"):
        parse_columns(told)
    with pytest.raises(InputError, match="Got 'learning_rate=lr'"):
        read("step,grad_norm\n0,1\n1,1\n", columns={"learning_rate": "lr"})


def test_runs_that_have_names_are_seeds_where_the_user_says_so(read: Read) -> None:
    text = "step,grad_norm,run\n0,2,b\n1,1,b\n0,3,a\n1,2,a\n"
    log = read(text, norm="full", columns={"seed": "run"})
    assert (log.seeds, log.norms.tolist()) == ((0, 1), [[2, 1], [3, 2]])
    assert "Runs are told apart as seed 0 = 'b', seed 1 = 'a'." in log.said
    with pytest.raises(DataError, match=r"step 0 of seed 0 twice.*--columns seed=NAME"):
        read(text)


def test_a_guess_that_is_not_plain_is_not_made(read: Read) -> None:
    with pytest.raises(DataError, match=r"several columns that may be the gradient norm: 'enc/grad_norm', 'dec/grad_"):
        read("step,enc/grad_norm,dec/grad_norm\n0,1,1\n1,1,1\n", norm="full")


@pytest.mark.parametrize(
    "name",
    [
        "GradNorm",
        "gradient_norm",
        "grad_2.0_norm_total",
        "grad_norm/total",
        "grads/global_norm",
        "train/gnorm",
        "L2_grad",
    ],
)
def test_names_of_the_norm_are_known_whatever_else_is_logged(read: Read, name: str) -> None:
    others = "loss,param_norm,grad_2.0_norm/weight,grad_norm/layer1.bias,weight_norm,gradient_accumulation,lr"
    log = read(f"num_updates,{others},{name}\n0,9,9,9,9,9,9,.5,2\n1,9,9,9,9,9,9,.5,1.5\n", norm="full")
    assert log.norms.tolist() == [[2, 1.5]]


@pytest.mark.parametrize("name", ["grad_norm_sq", "squared_grad_norm", "grad_norm^2 squared", "train/grad_sq_norm"])
def test_a_norm_that_is_named_squared_is_read_as_one_and_said_to_be(read: Read, name: str) -> None:
    log = read(f"step,{name}\n0,9\n1,2.25\n", norm="full")
    assert log.norms.tolist() == [[3, 1.5]] and log.squares.tolist() == [[9, 2.25]]
    assert any("named a squared norm" in sentence for sentence in log.said)
    assert read("step,grad_norm\n0,9\n1,2.25\n", squared=True).norms.tolist() == [[3, 1.5]]


def test_after_a_resume_the_later_rows_of_a_step_count(read: Read) -> None:
    text = "step,grad_norm\n0,4\n1,3\n2,2.5\n3,2.25\nstep,grad_norm\n2,2\n3,1.5\n4,1\n"
    log = read(text)
    assert (log.times.tolist(), log.norms.tolist()) == ([0, 1, 2, 3, 4], [[4, 3, 2, 1.5, 1]])
    assert any("2 rows of steps that came again" in sentence for sentence in log.said)
    lines = "".join(json.dumps({"step": k, "grad_norm": v}) + "\n" for k, v in [(0, 4), (1, 3), (2, 9), (1, 2), (2, 1)])
    assert read(lines, "l.jsonl", norm="full").norms.tolist() == [[4, 2, 1]]
    with pytest.raises(DataError, match="begins anew, at step 0, so that it holds several runs"):
        read("step,grad_norm\n0,4\n1,3\nstep,grad_norm\n0,4\n1,3\n")


def test_numpy_s_header_in_a_remark_names_the_columns(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    for mark in (",", " ", ";"):
        header = mark.join(["step", "grad_norm", "delay"])
        np.savetxt(path, [[0, 4, 0], [1, 3, 0], [2, 1, 1]], header=header, delimiter=mark)
        log = read_log(path)
        assert log.norms.tolist() == [[4, 3, 1]] and log.delays is not None and log.delays.tolist() == [[0, 1]]


def test_step_sizes_come_from_their_column(read: Read) -> None:
    rows = "0,4,.1\n1,3,.1\n2,1,.1\n"
    for name in ("lr", "learning_rate", "step_size", "train/lr"):
        log = read(f"step,grad_norm,{name}\n{rows}", norm="full" if "/" in name else None)
        assert log.step_sizes is not None and log.step_sizes.tolist() == [0.1, 0.1]
    changing = read("step,grad_norm,lr\n0,4,.3\n1,3,.2\n2,1,.1\n")
    assert changing.step_sizes is not None and changing.step_sizes.tolist() == [0.3, 0.2]
    recorded = read("step,grad_norm,step_size\n0,4,\n1,3,.2\n2,1,.1\n")
    assert recorded.step_sizes is not None and recorded.step_sizes.tolist() == [0.2, 0.1]
    assert any("row k is read as that of step k." in sentence for sentence in recorded.said)
    apart = read("step,grad_norm,lr\n0,4,.3\n2,3,.2\n4,1,.1\n")
    np.testing.assert_array_equal(apart.step_sizes, [0.3, np.nan, 0.2, np.nan])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('step,grad_norm,delay\n0,2,\n1,1,"[0, 0]"\n2,1,"[1, 0]"\n', "log.csv"),
        ("step,grad_norm,delay\n0,2,0 0\n1,1,0 0\n2,1,1 0\n", "log.csv"),
        ("step\tgrad_norm\tdelay\n0\t2\t\n1\t1\t0, 0\n2\t1\t1, 0\n", "log.tsv"),
        (
            '{"step": 0, "grad_norm": 2}\n{"step": 1, "grad_norm": 1, "delay": [0, 0]}\n'
            '{"step": 2, "grad_norm": 1, "delay": [1, 0]}\n',
            "log.jsonl",
        ),
    ],
)
def test_a_step_may_have_a_delay_for_each_gradient_that_it_averages(read: Read, text: str, name: str) -> None:
    log = read(text, name, norm="full")
    assert log.delays is not None
    assert log.delays.tolist() == [[[0, 0], [1, 0]]]


REFUSED = {
    "an underscore in a number": ("step,grad_norm\n0,2_0\n1,1\n", r"Got '2_0'"),
    "an underscore in a step": ("step,grad_norm\n0,2\n1_0,1\n", r"Got '1_0'"),
    "a decimal comma": ("step;grad_norm\n0;2,5\n1;1,5\n", r"Got '2,5'\. Write numbers with a decimal point"),
    "nan of mixed precision": ("step,grad_norm\n0,2\n1,NaN\n2,1\n", r"Got 'NaN'\. Mixed precision skips .* step_size"),
    "not as many delays": ("step,grad_norm,delay\n0,2,\n1,1,0 0\n2,1,0\n", "are 1, and those of the row before are 2"),
    "several delays, one of them none": ("step,grad_norm,delay\n0,2,\n1,1,0 x\n", r"whole number .* Got '0 x'"),
    "several delays, one below zero": ('step,grad_norm,delay\n0,2,\n1,1,"[0, -1]"\n', r"Got '\[0, -1\]'"),
    "several delays of the start": ("step,grad_norm,delay\n0,2,1 0\n1,1,0 0\n", "no step led to x_0"),
    "a fractional delay": ("step,grad_norm,delay\n0,2,\n1,1,0.5\n", "delay in line 3 of .* Got '0.5'"),
    "a step size that is no number": ("step,grad_norm,lr\n0,2,a\n1,1,a\n", "step size in line 2 of .* Got 'a'"),
    "JSON that is cut": ('[{"step": 0, "grad_norm": 1}, {"st', "begins as JSON and is none"),
    "JSON that is no table": ('{"step": 0}', "no column grad_norm"),
    "a list of numbers": ("[1, 2]", "entry 1 of .* must be a JSON object"),
    "JSON lines that are cut": ('{"step": 0, "grad_norm": 1}\n{"step": 1, "gr', "line 2 of .* is no JSON object"),
    "seeds that share no step": ("step,grad_norm,seed\n" + "".join(f"{k},1,{k}\n" for k in range(999)), "lacks step 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_log_cannot_mean_is_refused_with_the_place_and_a_remedy(read: Read, case: str) -> None:
    text, sentence = REFUSED[case]
    with pytest.raises(DataError, match=sentence) as refusal:
        read(text, norm="full")
    assert refusal.value.exit_status == 2


SHOWN = {
    "step,grad_norm,lr-AdamW\n0,1,.1\n1,1,.1\n": "'lr-AdamW' .* used Adam or one of its kind",
    "step,grad_norm,optimizer\n0,1,RMSprop\n1,1,RMSprop\n": "'optimizer' .* used Adam or one of its kind",
    "step,grad_norm,momentum\n0,1,0.9\n1,1,0.9\n": "'momentum' .* used momentum",
    "step,grad_norm,grad_norm_clipped\n0,1,1\n1,1,1\n": "'grad_norm_clipped' .* used clipped gradients",
    "step,grad_norm,weight_decay\n0,1,0.001\n1,1,0.001\n": "'weight_decay' .* used a decay of the weights",
    "step,grad_norm,gradient_clip_val\n0,1,1.5\n1,1,1.5\n": "used clipped gradients",
}


@pytest.mark.parametrize("text", SHOWN)
def test_no_bound_covers_a_training_whose_log_shows_momentum_adam_or_clipping(read: Read, text: str) -> None:
    with pytest.raises(DataError, match=SHOWN[text] + r".*No bound covers that.*--optimizer sgd"):
        read(text, norm="full")
    assert read(text, norm="full", optimizer="sgd").norms.tolist() == [[1, 1]]


def test_no_bound_covers_a_training_that_the_user_says_was_no_plain_sgd(read: Read) -> None:
    plain = "step,grad_norm,momentum\n0,1,0.0\n1,1,0.0\n"
    assert read(plain).norms.tolist() == [[1, 1]]
    for optimizer in ("momentum", "adam", "clipping"):
        with pytest.raises(DataError, match=r"--optimizer says that the training used .* No bound covers that"):
            read(plain, optimizer=optimizer)
    with pytest.raises(InputError, match="sgd, momentum, adam, clipping"):
        read(plain, optimizer="sophia")


@pytest.mark.parametrize("zero", ["0", "0.00", "0e0", "None"])
def test_what_is_switched_off_shows_nothing(read: Read, zero: str) -> None:
    text = f"step,grad_norm,momentum,weight_decay,lr_decay\n0,1,{zero},{zero},0.5\n1,1,{zero},{zero},0.5\n"
    assert read(text).norms.tolist() == [[1, 1]]


def test_a_curve_of_tensorboard_is_the_gradient_norm_if_the_user_says_so(read: Read) -> None:
    with pytest.raises(DataError, match=r"no column grad_norm.* --columns grad_norm=Value"):
        read(TENSORBOARD, norm="full")
    log = read(TENSORBOARD, norm="full", columns={"grad_norm": "Value"})
    assert (log.times.tolist(), log.norms.tolist()) == ([0, 1, 2], [[6.5, 3.25, 1.5]])


@pytest.mark.parametrize(
    "name",
    [
        *("max_grad_norm", "log_grad_norm", "grad_norm_std", "grad_norm_ema", "train/grad_norm_max", "rms_grad_norm"),
        *("weight_grad_norm", "root_mean_square_grad_norm", "grad_norm.min", "avg_gradient_norm", "layer3/grad_norm"),
        *("layer1 - grad_norm", "encoder - grad_norm", "log10_grad_norm", "bias_grad_norm"),
    ],
)
def test_a_statistic_of_norms_or_the_norm_of_a_part_is_not_taken_for_the_norm(read: Read, name: str) -> None:
    other = name.replace("layer1", "layer2").replace("encoder", "decoder")
    for text in (f"step,{name}\n0,2\n1,1\n", f"Step,{name},{other}_\n0,2,2\n1,1,1\n"):
        with pytest.raises(
            DataError, match=r"(no column grad_norm|several columns that may be).*--columns .*grad_norm="
        ):
            read(text, norm="full")
    plain = read(f"step,{name},train/gradient_norm\n0,9,2\n1,9,1\n", norm="full")
    assert plain.norms.tolist() == [[2, 1]]
    assert read(f"step,{name}\n0,2\n1,1\n", norm="full", columns={"grad_norm": name}).measured.tolist() == [[2, 1]]


def test_steps_that_go_back_to_one_before_are_a_resume_in_any_form_and_with_seeds(read: Read) -> None:
    first = [(0, 4.0), (5, 3.0), (10, 2.5), (15, 2.25), (10, 2.0), (15, 1.75), (20, 1.5), (15, 1.25), (20, 1.0)]
    csv = "".join(f"{k},{norm}\n" for k, norm in first)
    log = read("step,grad_norm\n" + csv)
    assert (log.times.tolist(), log.norms.tolist()) == ([0, 5, 10, 15, 20], [[4, 3, 2, 1.25, 1]])
    assert any("The log was resumed" in sentence for sentence in log.said)
    both = "".join(f"{k},{norm},0\n{k},{2 * norm},1\n" for k, norm in first)
    assert read("step,grad_norm,seed\n" + both).norms.tolist() == [[4, 3, 2, 1.25, 1], [8, 6, 4, 2.5, 2]]


def test_rows_in_no_order_are_no_resume_and_a_step_twice_among_them_is_refused(read: Read) -> None:
    order = [3, 0, 4, 1, 2]
    rows = "".join(f"{k},{8 - k}\n" for k in order)
    assert read("step,grad_norm\n" + rows).norms.tolist() == [[8, 7, 6, 5, 4]]
    with pytest.raises(DataError, match="gives step 4 of seed 0 twice"):
        read("step,grad_norm\n" + rows + "4,1\n")
    # The validation of a step that is over is told later, without a norm.
    late = read("step,grad_norm,val\n0,4,\n1,3,\n2,2,\n1,,9\n3,1,\n")
    assert late.norms.tolist() == [[4, 3, 2, 1]]


def test_json_lines_with_gradlag_s_own_names_alone_hold_the_full_norm(read: Read) -> None:
    lines = '{{"step": 0, "grad_norm": 2{0}}}\n{{"step": 1, "grad_norm": 1.5, "delay": 0{0}}}\n'
    assert read(lines.format(""), "l.jsonl").norm is Norm.FULL
    with pytest.raises(InputError, match="--norm minibatch or --norm full"):
        read(lines.format(', "loss": 3'), "l.jsonl")
