"""Schedules: exact values, one tree for value and LaTeX, and a sentence for whatever cannot be a step size."""

import math
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.amounts import many
from theory.common.errors import DelayError, InputError, ScheduleError
from theory.formulas.formula import Environment
from theory.formulas.parsing import parse
from theory.schedules import schedule as schedules
from theory.schedules.schedule import CATALOGUE, NumericSchedule, Schedule, parse_schedule

CONSTANTS = {"s": 2, "L": 4.0, "mu": 0.5, "sigma": 3.0, "Delta": 2.0}
FIXED = [0, 1, 1, 1]


def sizes(text: str, steps: int = 4, **changed: float) -> list[float]:
    return Schedule(text).step_sizes(steps, delays=FIXED[:steps], **(CONSTANTS | changed)).tolist()


def refusal(call, *arguments, **keywords) -> str:
    with pytest.raises(InputError) as caught:
        call(*arguments, **keywords)
    return str(caught.value)


# The catalogue, T = 4, s = 2, L = 4: 1/(sL) = 1/8.

ROOT = math.sqrt(4.0 * 4 / (2 * 2.0))  # sqrt(L T / (2 Delta)) = 2.
EXACT = {
    "constant": [1 / 16] * 4,
    "constant:c=0.1": [0.1] * 4,
    "constant: c = 1e-2": [0.01] * 4,
    "sqrt-k": [1 / 8, 1 / (8 * math.sqrt(2)), 1 / (8 * math.sqrt(3)), 1 / 16],
    "sqrt-T": [1 / 16] * 4,
    "power": [1 / 8, 2**-0.75 / 8, 3**-0.75 / 8, 4**-0.75 / 8],
    "power:a=1": [1 / 8, 1 / 16, 1 / 24, 1 / 32],
    "power:a=-1": [1 / 8, 2 / 8, 3 / 8, 4 / 8],
    "theorem-1": [1 / 16, 1 / (16 * math.sqrt(2)), 1 / (16 * math.sqrt(3)), 1 / 32],
    "corollary-1": [1 / (8 + 3 * ROOT)] * 4,
    "corollary-2": [1 / (16 + 3 * ROOT)] * 4,
    "delay-adaptive": [1 / 8] * 4,
    "delay-clipped": [1 / (8 * math.sqrt(2))] * 4,
    "warm-up": [1 / 16] * 4,
    "cosine": [2 / 32, (1 + math.sqrt(0.5)) / 32, 1 / 32, (1 - math.sqrt(0.5)) / 32],
}


@pytest.mark.parametrize("text", EXACT)
def test_the_catalogue_has_its_exact_values(text):
    np.testing.assert_allclose(sizes(text), EXACT[text], rtol=1e-15, atol=1e-16)


def test_every_entry_of_the_catalogue_has_an_exact_case_and_explains_itself():
    assert {text.partition(":")[0] for text in EXACT} == set(CATALOGUE)
    for name, entry in CATALOGUE.items():
        assert entry.name == name
        assert entry.title
        assert entry.why.endswith(".")


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_catalogue_name_stands_for_its_expression(name):
    named, written = Schedule(name), Schedule(CATALOGUE[name].expression)
    assert named.step_sizes(4, delays=FIXED, **CONSTANTS).tolist() == sizes(CATALOGUE[name].expression)
    assert (named.latex(), named.digest, named.names) == (written.latex(), written.digest, written.names)
    assert (named.text, named.expression) == (name, CATALOGUE[name].expression)


def test_delay_adaptive_rules_read_the_current_delay():
    long = {"delays": [0, 1, 2, 3, 4, 4], **CONSTANTS}
    adaptive = Schedule("delay-adaptive").step_sizes(6, **long)
    clipped = Schedule("delay-clipped").step_sizes(6, **long)
    assert adaptive.tolist() == [1 / 8, 1 / 8, 1 / 16, 1 / 24, 1 / 32, 1 / 32]
    assert clipped.tolist() == [1 / (8 * math.sqrt(2))] * 2 + [1 / 16, 1 / 24, 1 / 32, 1 / 32]


def test_warm_up_takes_the_first_tenth_of_a_run():
    grown = Schedule("warm-up").step_sizes(50, **CONSTANTS)
    np.testing.assert_allclose(grown, np.minimum(1, np.arange(1, 51) / 5) / 16, rtol=1e-15)


@pytest.mark.parametrize("steps", [1, 2, 7, 100])
def test_the_catalogue_is_consistent_with_itself(steps):
    def run(text: str, **changed: float):
        return Schedule(text).step_sizes(steps, delays=np.arange(steps), **(CONSTANTS | changed))

    np.testing.assert_allclose(run("theorem-1", mu=1), run("sqrt-k"), rtol=1e-15)
    np.testing.assert_allclose(run("power:a=0.5"), run("sqrt-k"), rtol=1e-15)
    np.testing.assert_allclose(run("corollary-2", sigma=0), run("constant"), rtol=1e-15)
    np.testing.assert_allclose(run("sqrt-T")[-1], run("sqrt-k")[-1], rtol=1e-15)
    assert (run("corollary-2") < run("corollary-1")).all()
    assert (run("delay-clipped") <= run("delay-adaptive")).all()
    assert run("cosine")[0] == run("constant")[0]
    assert (np.diff(run("cosine")) < 0).all()


def test_the_constant_entry_is_stable_on_quadratics_at_any_fixed_delay():
    # Gradient descent with fixed delay D on L x^2/2 is stable exactly for L eta < 2 sin(pi / (2 (2 D + 1))).
    for staleness in range(1, 500):
        (step,) = Schedule("constant").step_sizes(1, s=staleness, L=1)
        assert step < 2 * math.sin(math.pi / (2 * (2 * (staleness - 1) + 1)))


OPTIONS = """
constant: constant:c constant:c= constant:c=x constant:a=1 constant:c=1,c=2 constant:c=1/2 constant:c=1:c=2 cosine:
power:a=k power:a=0.6) power:a=\u0663 power:a=nan power:a==1 power:A=1 theorem-1:a=1
"""


@pytest.mark.parametrize("text", OPTIONS.split())
def test_an_option_that_is_not_a_number_of_the_entry_is_refused(text):
    sentence = refusal(Schedule, text)
    assert text.partition(":")[0] in sentence
    assert "option" in sentence


@pytest.mark.parametrize(("text", "meant"), [("cosin", "cosine"), ("theorem-2", "theorem-1"), ("powers:a=2", "power")])
def test_a_misspelt_name_of_the_catalogue_is_recognised(text, meant):
    assert f"The catalogue has a schedule named {meant}." in refusal(parse_schedule, text)


# One tree.


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("constant", r"\frac{1}{2 \, s \, L}"),
        ("theorem-1", r"\frac{\mu}{s \, L \, \sqrt{k}}"),
        ("power:a=0.6", r"\frac{1}{s \, L \, k^{0.6}}"),
        ("corollary-1", r"\frac{1}{s \, L + \sigma \, \sqrt{\frac{L \, T}{2 \, \Delta}}}"),
        ("delay-adaptive", r"\frac{1}{2 \, L \, \max\left(1, d_{k}\right)}"),
        ("cosine", r"\frac{1 + \cos\left(\frac{\pi \, \left(k - 1\right)}{T}\right)}{4 \, s \, L}"),
    ],
)
def test_the_latex_is_that_of_the_tree_that_is_evaluated(text, latex):
    assert Schedule(text).latex() == Schedule(text).formula.latex() == latex


def test_a_schedule_knows_what_it_reads():
    schedule = Schedule("mu/(s*L*sqrt(k))")
    assert schedule.names == {"mu", "s", "L", "k"}
    assert not schedule.reads_horizon
    assert not schedule.reads_delay
    assert Schedule("pi/T").names == {"T"}
    assert Schedule("pi/T").reads_horizon
    assert Schedule("1/max(1,d)").reads_delay
    assert not NumericSchedule([1.0]).names


def test_steps_are_counted_from_one_and_constants_fill_the_run():
    assert Schedule("k").step_sizes(3).tolist() == [1, 2, 3]
    assert Schedule("T").step_sizes(3).tolist() == [3, 3, 3]
    assert Schedule("d").step_sizes(3, delays=np.array([0, 0, 2], dtype=np.uint8)).tolist() == [0, 0, 2]
    assert Schedule("0").step_sizes(2).tolist() == [0, 0]
    assert Schedule("0.5").step_sizes(np.int64(1)).tolist() == [0.5]


def test_a_long_run_is_evaluated_in_pieces_as_if_in_one(monkeypatch):
    text, run = "sqrt(d+1)/(k+T/2)", {"delays": np.arange(20) // 2}
    whole = Schedule(text).step_sizes(20, **run)
    monkeypatch.setattr(schedules, "_PIECE", 7)
    np.testing.assert_array_equal(Schedule(text).step_sizes(20, **run), whole)
    assert "at step k = 16." in refusal(Schedule("15-k").step_sizes, 20)


def test_step_sizes_are_values():
    schedule = Schedule("1/k")
    assert schedule == Schedule("1/k")
    assert hash(schedule) == hash(Schedule("1/k"))
    assert schedule != Schedule("1/k ")
    assert pickle.loads(pickle.dumps(Schedule("max(1,k)"))).step_sizes(2).tolist() == [1, 2]
    for found in (schedule.step_sizes(3), Schedule("0.1").step_sizes(3), NumericSchedule([1, 2, 3]).step_sizes(3)):
        assert found.dtype == np.float64
        with pytest.raises(ValueError, match="read-only"):
            found[0] = 7
    with pytest.raises(AttributeError):
        schedule.text = "2"


def test_minus_zero_is_zero():
    assert np.copysign(1, Schedule("-0").step_sizes(1)).tolist() == [1]
    assert NumericSchedule([-0.0]).digest == NumericSchedule([0.0]).digest


# Refusals.


def test_a_missing_constant_is_named_with_the_flag_that_gives_it():
    assert refusal(Schedule("mu/(s*L*sqrt(k))").step_sizes, 4, s=1, L=1) == (
        "The schedule uses mu, which has no value here. Give a value with --constants mu=...."
    )
    both = refusal(Schedule("sigma*L").step_sizes, 4)
    assert "L and sigma, which have no value" in both
    assert "--constants L=...,sigma=..." in both
    assert "--staleness" in refusal(Schedule("1/s").step_sizes, 4, L=1)
    assert "no delays are given" in refusal(Schedule("1/max(1,d)").step_sizes, 4)


@pytest.mark.parametrize("name", ["T", "k", "d", "eta", "tau", "lambda", "C"])
def test_a_constant_that_is_none_is_refused(name):
    assert f"Got {name!r}" in refusal(Schedule("1/k").step_sizes, 4, **{name: 1.0})
    assert f"Got {name!r}" in refusal(NumericSchedule([1.0]).step_sizes, 1, **{name: 1.0})


WRONG = {
    "L": [0, -1, math.nan, "x", None, 10**400],
    "mu": [0, 2],
    "sigma": [-1, math.inf],
    "Delta": [-1e-9],
    "s": [0],
}


@pytest.mark.parametrize(("name", "wrong"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_constant_out_of_range_is_refused(name, wrong):
    assert f"The constant {name} must be a finite number" in refusal(Schedule("1/k").step_sizes, 4, **{name: wrong})


@pytest.mark.parametrize("steps", [0, -3, 2.5, "4", None])
def test_the_number_of_steps_is_whole_and_at_least_one(steps):
    assert f"Got {steps!r}" in refusal(Schedule("1/k").step_sizes, steps)
    assert f"Got {steps!r}" in refusal(NumericSchedule([1.0]).step_sizes, steps)


@pytest.mark.parametrize(
    ("delays", "says"),
    [
        ([0, 1], "3 whole numbers"),
        ([[0, 1, 2]], "3 whole numbers"),
        ([0.0, 1.0, 2.0], "3 whole numbers"),
        (["0", "1", "2"], "3 whole numbers"),
        ([1, 0, 0], "step k = 1 must lie between 0 and k - 1 = 0. Got 1"),
        ([0, 1, 3], "step k = 3 must lie between 0 and k - 1 = 2. Got 3"),
        ([0, -1, 0], "step k = 2 must lie between 0 and k - 1 = 1. Got -1"),
    ],
)
def test_delays_that_cannot_be_are_refused(delays, says):
    with pytest.raises(DelayError, match=says):
        Schedule("d").step_sizes(3, delays=delays)


NEGATIVE = {"-1": 1, "3-k": 4, "1/(k-2)": 1, "4-T": 1}
INFINITE = {"1/abs(k-2)": 2, "9^9^9^9": 1, "1e400": 1, "1/0": 1, "1e308*10": 1, "1e308+1e308": 1, "exp(710*k)": 1}
ENDLESS = {
    "7" * 1500: 1,
    "1e" + "9" * 1500: 1,
    "k^" * 60 + "k": 2,
    "exp(exp(exp(exp(9))))": 1,
    "0^-1": 1,
    "9^9^k^9^9": 2,
}
UNDEFINED = {"sqrt(2-k)": 3, "log(-1)": 1, "sqrt(-1)": 1, "0/0": 1, "(-8)^(1/3)": 1, "0*log(0)": 1, "sin(1e400)": 1}
CASES = [
    *((text, "-1", k) for text, k in NEGATIVE.items()),
    *((text, "inf", k) for text, k in (INFINITE | ENDLESS).items()),
    *((text, "nan", k) for text, k in (UNDEFINED | {"1e400-1e400": 1, "max(1,sqrt(-k))": 1}).items()),
    *((text, "-inf", 1) for text in ("-1e400", "log(0)", "-1/0")),
]


@pytest.mark.parametrize(("text", "value", "k"), CASES)
def test_a_step_size_that_is_none_is_refused_at_its_first_step(text, value, k):
    schedule = Schedule(text)
    assert schedule.latex()
    assert f"Got {value} at step k = {k}." in refusal(schedule.step_sizes, 5)


def test_zero_to_the_power_zero_is_one():
    assert sizes("0^0") == [1, 1, 1, 1]


@settings(max_examples=many(200))
@given(st.lists(st.sampled_from(["k", "T", "9", "1e308", "0", "-1", "d"]), min_size=2, max_size=12), st.data())
def test_what_is_given_out_is_always_finite_and_never_negative(leaves, data):
    text = leaves[0]
    for leaf in leaves[1:]:
        text = f"({text}){data.draw(st.sampled_from(['+', '-', '*', '/', '^']))}({leaf})"
    with np.errstate(all="ignore"):
        point = {"k": np.arange(1.0, 5.0), "T": 4.0, "d": np.array(FIXED, dtype=float)}
        raw = np.broadcast_to(parse(text).evaluate(Environment(point)), (4,))
    good = np.isfinite(raw) & (raw >= 0)
    if good.all():
        assert sizes(text) == raw.tolist()
    else:
        assert f"at step k = {int(np.argmin(good)) + 1}." in refusal(sizes, text)


# Files of numbers.


def written(folder: Path, text: str | bytes) -> str:
    path = folder / "steps.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return f"@{path}"


@pytest.mark.parametrize(
    "text", ["0.5\n.25\n0\n1e-3\n", "0.5\r\n.25\r\n0\r\n1e-3", "+0.5\n .25\t\n0.\n1E-3\n\n", "\ufeff0.5\n.25\n-0\n1e-3"]
)
def test_a_file_holds_one_number_a_line(tmp_path, text):
    schedule = parse_schedule(written(tmp_path, text))
    assert schedule.step_sizes(4).tolist() == [0.5, 0.25, 0, 0.001]
    assert schedule.digest == NumericSchedule([0.5, 0.25, 0, 0.001]).digest
    assert schedule.text == f"@{tmp_path / 'steps.txt'}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Line 1 .* a blank line"),
        ("\n\n", "Line 1 .* a blank line"),
        ("1\n\n2\n", "Line 2 .* a blank line"),
        ("1\n2,3\n", "Line 2 .* plain number. Got '2,3'"),
        ("1 2\n", "Line 1 .* Got '1 2'"),
        ("1\neta\n", "Line 2 .* Got 'eta'"),
        ("1\n1/2\n", "Line 2 .* Got '1/2'"),
        ("1\n1_0\n", "Line 2 .* Got '1_0'"),
        ("1\n\u0663\n", "Line 2 "),
        ("nan\n", "Line 1 .* Got 'nan'"),
        ("1\ninf\n", "Line 2 .* Got 'inf'"),
        ("1\n1e400\n", "Line 2 .* finite number of at least 0.* Got 1e400"),
        ("1\n2\n-1e-9\n", r"Line 3 .* k = 3\. Got -1e-9"),
        (b"1\n\xff\xfe\n", "cannot be read as text"),
        (b"\x00\x01", "Line 1 "),
        ("# L = 3\n", "at least one number"),
        ("# L = 3\n0.1\nx\n", "Line 3 .* Got 'x'"),
        ("# L = 0\n1\n", "Line 1 .* L as a positive number.* Got '0'"),
        ("# L = nan\n1\n", "Line 1 .* L as a positive number.* Got 'nan'"),
        ("# step sizes for L = \n1\n", "Line 1 .* L as a positive number"),
        ("1\n# L = 3\n", "Line 2 .* gives L. Put it before the first step size"),
        ("# nothing else\n", "at least one number"),
        ("# warm up\n0.1\n# then\nx\n", "Line 4 .* Got 'x'"),
        ("# warm up\n0.1\n# then\n-3\n", r"Line 4 .* k = 2\. Got -3"),
        ("step_size\n0.1\n", "Line 1 .* Got 'step_size'. Begin a line that is a heading with #."),
    ],
)
def test_a_file_of_anything_else_is_refused_at_its_line(tmp_path, text, says):
    with pytest.raises(ScheduleError, match=says):
        parse_schedule(written(tmp_path, text))


@pytest.mark.parametrize("text", ["# lr\n0.5\n.25\n", "# by epoch\n  # twice\n0.5\n# dropped here\n.25\n# end\n\n"])
def test_lines_of_a_file_that_begin_with_a_number_sign_say_nothing(tmp_path, text):
    assert parse_schedule(written(tmp_path, text)).step_sizes(2).tolist() == [0.5, 0.25]


def test_the_smoothness_stands_in_any_line_before_the_first_number(tmp_path):
    read = parse_schedule(written(tmp_path, "# from a design\n# L = 4\n0.5\n# late\n0.25\n"))
    assert read.step_sizes(2, L=2).tolist() == [1.0, 0.5]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1/(3-k)", "divided by 0 there, or grows too fast: a limit keeps it finite, as in min(1/L, ...)."),
        ("2^(k^k^k)", "a limit keeps it finite"),
        ("sqrt(3-k)", "give it one, as in ... if k != 4 else 0."),
        ("log(k-1)", "give it one, as in ... if k > 1 else 0."),
        ("(k-1)/(k-1)", "give it one, as in ... if k > 1 else 0."),
        ("2-k", "for example with max(0, ...)"),
    ],
)
def test_advice_for_a_step_that_cannot_be_is_about_what_is_wrong_there(text, says):
    told = refusal(Schedule(text).step_sizes, 5)
    assert says in told
    assert ("max(0, ...)" in told) == (text == "2-k")


@pytest.mark.parametrize("header", ["# L = 4", "#L=4.0", "# step sizes for L = 4e0"])
def test_steps_made_for_one_smoothness_are_scaled_to_another_and_it_is_said(tmp_path, header):
    schedule = parse_schedule(written(tmp_path, f"{header}\n0.25\n.5\n"))
    for smoothness, sizes in ((4.0, [0.25, 0.5]), (None, [0.25, 0.5]), (2.0, [0.5, 1.0]), (40.0, [0.025, 0.05])):
        constants = {} if smoothness is None else {"L": smoothness}
        assert schedule.step_sizes(2, **constants).tolist() == pytest.approx(sizes, rel=1e-15)
        assert bool(schedule.scaled(smoothness)) == (smoothness in (2.0, 40.0))
    assert "made for L = 4; they are scaled to L = 2." in schedule.scaled(2.0)
    assert parse_schedule(written(tmp_path, schedule.lines)) == schedule == pickle.loads(pickle.dumps(schedule))


def test_the_smoothness_that_steps_were_made_for_is_part_of_the_schedule():
    made = [NumericSchedule([0.5, 0.25], smoothness=smoothness) for smoothness in (None, 1.0, 2.0)]
    assert len({schedule.digest for schedule in made}) == 3
    assert "must be a finite number" in refusal(made[1].step_sizes, 2, L=1e-320)


@pytest.mark.parametrize("name", ["@", "@/no/such/file", "@.", "@\x00", "@" + "x" * 5000, "@\ud800", "@~"])
def test_a_file_that_is_none_is_refused(name):
    assert "file" in refusal(parse_schedule, name)


def test_a_file_has_one_number_for_every_step(tmp_path):
    schedule = parse_schedule(written(tmp_path, "1\n2\n3\n"))
    for steps in (2, 4):
        sentence = refusal(schedule.step_sizes, steps)
        assert f"each of the {steps} steps. Got 3." in sentence
    assert schedule.step_sizes(3, delays=[0, 1, 2], **CONSTANTS).tolist() == [1, 2, 3]
    with pytest.raises(DelayError):
        schedule.step_sizes(3, delays=[0, 1])


def test_only_parse_schedule_opens_files(tmp_path):
    assert "read by parse_schedule" in refusal(Schedule, written(tmp_path, "1\n"))


def test_numbers_are_copied_and_compared_by_value():
    own = np.array([1.0, 2.0])
    schedule = NumericSchedule(own)
    own[0] = 9
    assert schedule.step_sizes(2).tolist() == [1, 2]
    assert schedule == NumericSchedule([1, 2])
    assert hash(schedule) == hash(NumericSchedule((1, 2)))
    assert schedule != NumericSchedule([1, 3])
    assert schedule != NumericSchedule([1, 2], "@other")
    again = pickle.loads(pickle.dumps(schedule))
    assert again == schedule
    assert not again.step_sizes(2).flags.writeable


@pytest.mark.parametrize("values", [[], [[1.0]], 3.0, "abc", None, [None], ["x"], [1, [2]]])
def test_values_that_are_no_list_of_numbers_are_refused(values):
    with pytest.raises(ScheduleError):
        NumericSchedule(values)


@pytest.mark.parametrize(("values", "k"), [([1, -1], 2), ([math.nan], 1), ([0, 0, math.inf], 3)])
def test_values_that_are_no_step_sizes_are_refused(values, k):
    assert f"at step k = {k}." in refusal(NumericSchedule, values)


def test_the_digest_tells_schedules_apart():
    texts = ["1/k", "1/k^2", "theorem-1", "power", "power:a=0.6", "constant:c=0.1"]
    assert len({Schedule(text).digest for text in texts}) == len(texts)
    assert Schedule("theorem-1").digest == Schedule("mu/(s*L*sqrt(k))").digest
    assert len({NumericSchedule(values).digest for values in ([1.0], [1.0, 1.0], [np.nextafter(1, 2)])}) == 3
