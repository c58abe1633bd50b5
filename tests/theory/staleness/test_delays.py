"""Delays never look into the future, before the start or beyond the window, and follow the law they state."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare, geom, norm

from tests.support.amounts import many
from theory.common.errors import DelayError, InputError
from theory.staleness.count import Staleness
from theory.staleness.delays import (
    MODELS,
    AdversarialDelay,
    ConstantDelay,
    CyclicDelay,
    GeometricDelay,
    TraceDelay,
    TruncatedNormalDelay,
    UniformDelay,
    delay_trace,
    parse_delays,
    read_trace,
)
from theory.staleness.stability import fixed_delay_limit
from theory.staleness.traces import one_read, validate_delays

WINDOW = Staleness(8)
EVERY_MODEL = [
    ConstantDelay(7),
    ConstantDelay(0),
    UniformDelay(7),
    UniformDelay(0),
    GeometricDelay(2.5, 7),
    GeometricDelay(0.0, 7),
    GeometricDelay(1e9, 7),
    CyclicDelay(5, 7),
    CyclicDelay(13, 7),
    CyclicDelay(1, 7),
    TruncatedNormalDelay(6, 2, 7),
    TruncatedNormalDelay(12, 4, 7),
    TruncatedNormalDelay(3, 1e-9, 7),
    TruncatedNormalDelay(3, 1, 0),
    AdversarialDelay(7),
    AdversarialDelay(0),
    TraceDelay([min(k, (7 * k) % 5) for k in range(5000)]),
]


def generator(seed=0):
    return np.random.Generator(np.random.Philox(key=seed))


@pytest.mark.parametrize("model", EVERY_MODEL, ids=str)
class TestEveryModel:
    def test_reads_only_points_that_exist_and_lie_in_the_window(self, model):
        delays = model.sample(5000, generator())
        assert delays.dtype == np.int64
        assert delays.shape == (5000,)
        assert np.array_equal(validate_delays(delays, Staleness(model.maximum + 1)), delays)

    def test_states_a_law(self, model):
        assert model.probabilities.shape == (model.maximum + 1,)
        assert (model.probabilities >= 0).all()
        assert math.fsum(model.probabilities) == pytest.approx(1, abs=1e-14)

    def test_mean_and_quantiles_are_those_of_its_law(self, model):
        support = np.arange(model.maximum + 1)
        assert model.mean == pytest.approx(float(support @ model.probabilities), abs=1e-12)
        for level in (0.01, 0.3, 0.5, 0.77, 1.0):
            j = model.quantile(level)
            assert model.probabilities[: j + 1].sum() >= level - 1e-12
            assert model.probabilities[:j].sum() < level

    def test_samples_follow_the_law_once_the_start_has_passed(self, model):
        delays = model.sample(5000, generator(1))[model.maximum :]
        counts = np.bincount(delays, minlength=model.maximum + 1)
        expected = model.probabilities * delays.size
        assert counts[expected == 0].sum() == 0
        # Delays that are expected fewer than five times share one cell, as the test asks.
        often = expected >= 5
        observed = np.append(counts[often], counts[~often].sum())
        wanted = np.append(expected[often], expected[~often].sum())
        if model.independent:
            assert np.count_nonzero(wanted) == 1 or chisquare(observed[wanted > 0], wanted[wanted > 0]).pvalue > 1e-3
        else:
            assert np.abs(observed - wanted).max() <= 2 * (model.maximum + 2)

    def test_the_largest_delay_is_the_last_with_any_probability(self, model):
        assert model.probabilities[model.largest] > 0
        assert model.probabilities[model.largest + 1 :].sum() == 0

    def test_same_seed_same_delays(self, model):
        assert np.array_equal(delay_trace(model, 300, seed=7), delay_trace(model, 300, seed=7))

    def test_a_longer_run_begins_as_a_shorter_one(self, model):
        assert np.array_equal(delay_trace(model, 400, seed=7)[:100], delay_trace(model, 100, seed=7))

    def test_no_steps_no_delays(self, model):
        assert model.sample(0, generator()).shape == (0,)


def test_constant_delay_grows_with_the_run_and_stays():
    assert ConstantDelay(3).sample(6, generator()).tolist() == [0, 1, 2, 3, 3, 3]


def test_cyclic_delay_is_a_clipped_sawtooth():
    assert CyclicDelay(4, 2).sample(9, generator()).tolist() == [0, 1, 2, 2, 0, 1, 2, 2, 0]
    assert CyclicDelay(2, 5).probabilities.tolist() == [0.5, 0.5, 0, 0, 0, 0]
    assert CyclicDelay(4, 2).probabilities.tolist() == [0.25, 0.25, 0.5]


@given(st.floats(0, 50), st.integers(0, 60))
def test_geometric_mean_after_clipping_in_closed_form(mean, maximum):
    closed = mean * (1 - (mean / (1 + mean)) ** maximum)
    assert GeometricDelay(mean, maximum).mean == pytest.approx(closed, rel=1e-10, abs=1e-12)


def test_geometric_law_is_the_geometric_law_below_its_maximum():
    law = GeometricDelay(3.0, 20).probabilities
    # scipy counts trials from 1.
    assert law[:-1] == pytest.approx(geom.pmf(np.arange(1, 21), 0.25), rel=1e-13)
    assert law[-1] == pytest.approx(geom.sf(20, 0.25), rel=1e-13)


def test_normal_law_is_the_rounded_conditioned_normal():
    law = TruncatedNormalDelay(6, 2, 12).probabilities
    accepted = norm(6, 2).rvs(400_000, random_state=1)
    accepted = np.round(accepted[(accepted >= 0) & (accepted <= 12)]).astype(int)
    frequencies = np.bincount(accepted, minlength=13) / accepted.size
    # Three standard deviations of a frequency of at most 0.2 over 400,000 draws.
    assert np.abs(frequencies - law).max() < 3 * math.sqrt(0.2 * 0.8 / 400_000)
    assert law == pytest.approx(law[::-1], abs=1e-15)
    assert TruncatedNormalDelay(6, 2, 12).mean == pytest.approx(6, abs=1e-13)


def test_normal_far_outside_the_window_keeps_its_digits():
    # Given N(60, 1) in [0, 3], nearly all mass is in the last half: log-probabilities by an independent route.
    law = TruncatedNormalDelay(30, 1, 3).probabilities
    tails = norm(30, 1).logcdf([0.5, 1.5, 2.5, 3.0])
    assert np.log(law[2]) == pytest.approx(tails[2] - tails[3] + math.log1p(-math.exp(tails[1] - tails[2])), rel=1e-9)


def test_a_wide_normal_is_uniform_but_for_its_half_cells():
    law = TruncatedNormalDelay(3, 1e12, 5).probabilities
    assert law == pytest.approx([0.1, 0.2, 0.2, 0.2, 0.2, 0.1], rel=1e-12)


def greedy_trace(delay: int, steps: int, step: float) -> list[int]:
    """The adversary itself, playing step by step on F(x) = x^2 / 2 and looking at the whole window each time."""
    points, descending, delays = [1.0], True, []
    for _ in range(steps):
        window = points[::-1][: delay + 1]
        pick = max(window) if descending else min(window)
        if (pick <= 0) if descending else (pick >= 0):
            descending = not descending
            pick = max(window) if descending else min(window)
        delays.append(window.index(pick))
        points.append(points[-1] - step * pick)
    return delays


@pytest.mark.parametrize("delay", range(31))
def test_the_adversarial_trace_is_what_a_greedy_adversary_plays(delay):
    # The limits 2 and 1 of D = 0 and 1 make ties; sin(pi / 6) is rounded, so they are given exactly.
    step = fixed_delay_limit(delay) if delay > 1 else float(2 - delay)
    assert AdversarialDelay(delay).sample(8 * delay + 40, generator()).tolist() == greedy_trace(
        delay, 8 * delay + 40, step
    )


def descent(delays, step, start):
    """The points x_0..x_T of gradient descent on x^2 / 2 under the given delays."""
    points = [start]
    for k, d in enumerate(delays, start=1):
        points.append(points[-1] - step * points[k - 1 - d])
    return points


def final_size(model, steps, step):
    """The largest |x| over the last window of a run from x_0 = 1."""
    points = descent(model.sample(steps, generator()).tolist(), step, 1.0)
    return max(abs(point) for point in points[-(model.maximum + 1) :])


@pytest.mark.parametrize("delay", [2, 3, 4, 7, 8, 16])
def test_just_below_the_limit_the_constant_delay_contracts_and_the_adversary_diverges(delay):
    step = 0.99 * fixed_delay_limit(delay)
    steps = 1200 * (delay + 1)
    assert final_size(ConstantDelay(delay), steps, step) < 1e-3
    assert final_size(AdversarialDelay(delay), steps, step) > 1e3


def test_the_adversary_in_exact_arithmetic():
    # D = 2: one period of four steps multiplies x by 1 - 4a + a^2, which is -1.04 at a = 0.6 < 0.618.
    trace = AdversarialDelay(2).sample(40, generator()).tolist()
    assert trace[:8] == [0, 1, 2, 2, 0, 1, 2, 2]
    points = descent(trace, Fraction(3, 5), Fraction(1))
    assert [points[4 * n] for n in range(11)] == [Fraction(-26, 25) ** n for n in range(11)]


def test_the_adversary_is_no_worse_than_a_fixed_delay_of_one():
    step = 0.999
    for model in (ConstantDelay(1), AdversarialDelay(1)):
        assert final_size(model, 20_000, step) < 1e-3


def test_delays_have_a_stream_of_their_own():
    model = UniformDelay(9)
    drawn = delay_trace(model, 1000, seed=3)
    np.random.default_rng(3).random(10)
    assert np.array_equal(delay_trace(model, 1000, seed=3), drawn)
    assert not np.array_equal(delay_trace(model, 1000, seed=4), drawn)
    assert not np.array_equal(model.sample(1000, generator(3)), drawn)


@pytest.mark.parametrize("seed", [-1, 1.5, 1 << 64, "0"])
def test_seeds_out_of_range_are_refused(seed):
    with pytest.raises(DelayError, match="The seed"):
        delay_trace(UniformDelay(3), 5, seed)


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("constant", ConstantDelay(7)),
        ("uniform", UniformDelay(7)),
        ("geometric:mean=2.5", GeometricDelay(2.5, 7)),
        ("cyclic:period=5", CyclicDelay(5, 7)),
        ("normal:mean=6,sd=2", TruncatedNormalDelay(6, 2, 7)),
        (" normal: sd = 2 , mean = 6 ", TruncatedNormalDelay(6, 2, 7)),
        ("adversarial", AdversarialDelay(7)),
    ],
)
def test_models_are_read_as_spelled(text, model):
    assert parse_delays(text, WINDOW) == model


def test_every_model_has_a_spelling_in_the_table():
    assert set(MODELS) == {"constant", "uniform", "geometric", "cyclic", "normal", "adversarial"}


@given(st.floats(0, 1e6), st.floats(1e-3, 1e6), st.integers(1, 10**12))
def test_the_text_of_a_model_reads_back_as_that_model(mean, sd, period):
    models = [GeometricDelay(mean, 7), CyclicDelay(period, 7), ConstantDelay(7), UniformDelay(7), AdversarialDelay(7)]
    if abs(mean - 3.5) < 30 * sd + 3.5:
        models.append(TruncatedNormalDelay(mean, sd, 7))
    for model in models:
        assert parse_delays(model.text, WINDOW) == model


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "one of constant; uniform; geometric:mean=M; cyclic:period=P; normal:mean=M,sd=D; adversarial. Got ''."),
        ("Constant", "Got 'Constant'."),
        ("trace", "--delays-file"),
        ("@delays.txt", "--delays-file"),
        ("constant:2", "The delay model constant is written constant. Got 'constant:2'."),
        ("geometric", "is written geometric:mean=M. Got 'geometric'."),
        ("geometric:", "is written geometric:mean=M."),
        ("geometric:men=2", "is written geometric:mean=M."),
        ("geometric:mean=2,mean=3", "is written geometric:mean=M."),
        ("geometric:mean=2,", "is written geometric:mean=M."),
        ("geometric:mean=two", "The option mean of the delays must be a number. Got 'two'."),
        ("geometric:mean=-1", "a finite number, at least 0. Got -1."),
        ("geometric:mean=nan", "Got nan."),
        ("geometric:mean=1e999", "Got inf."),
        ("cyclic:period=0", "The period of the delays must be a whole number of at least 1. Got 0."),
        ("cyclic:period=2.5", "Got 2.5."),
        ("cyclic:period=1e300", "must be at most"),
        ("normal:mean=6", "is written normal:mean=M,sd=D."),
        ("normal:mean=6,sd=0", "greater than 0. Got 0."),
        ("normal:mean=1e6,sd=1", "do not fall between 0 and 7"),
    ],
)
def test_what_is_no_model_is_refused_with_a_sentence(text, expected):
    with pytest.raises(DelayError) as refusal:
        parse_delays(text, WINDOW)
    assert expected in str(refusal.value)


@settings(max_examples=many(300))
@given(st.one_of(st.text(max_size=25), st.sampled_from(list(MODELS)).flatmap(lambda n: st.text().map(f"{n}:".__add__))))
def test_no_text_raises_anything_but_a_refusal(text):
    try:
        model = parse_delays(text, WINDOW)
    except InputError:
        return
    validate_delays(model.sample(50, generator()), WINDOW)


@pytest.mark.parametrize("maximum", [-1, 1.5, None, True, "3", 10**400])
def test_a_largest_delay_that_is_no_whole_number_is_refused(maximum):
    for build in (ConstantDelay, UniformDelay, AdversarialDelay, lambda m: GeometricDelay(1.0, m)):
        with pytest.raises(DelayError, match="The largest delay"):
            build(maximum)


@pytest.mark.parametrize("value", ["many", None, [1], 10**400])
def test_a_mean_that_is_no_number_is_refused(value):
    with pytest.raises(DelayError, match="The mean of the geometric delays"):
        GeometricDelay(value, 3)


@pytest.mark.parametrize("level", [0, -0.1, 1.1, math.nan])
def test_quantile_levels_outside_the_unit_interval_are_refused(level):
    with pytest.raises(DelayError, match="level"):
        UniformDelay(3).quantile(level)


def test_quantiles_meet_their_level_exactly_despite_rounding():
    assert [UniformDelay(6).quantile((j + 1) / 7) for j in range(7)] == list(range(7))


def test_a_law_too_long_for_memory_is_refused_but_its_delays_are_not():
    model = ConstantDelay(10**12)
    assert model.sample(4, generator()).tolist() == [0, 1, 2, 3]
    with pytest.raises(DelayError, match="too long"):
        _ = model.mean


def test_traces_compare_by_their_delays():
    trace = TraceDelay([0, 1, 0])
    assert trace == TraceDelay(np.array([0.0, 1.0, 0.0]))
    assert trace != TraceDelay([0, 1, 1])
    assert trace.text == TraceDelay([0, 1, 0]).text != TraceDelay([0, 1, 1]).text
    assert len({trace, TraceDelay([0, 1, 0])}) == 1
    assert (trace.maximum, trace.mean, trace.quantile(0.5)) == (1, pytest.approx(1 / 3), 0)


def test_a_trace_keeps_its_own_copy():
    values = np.array([0, 1, 2])
    trace = TraceDelay(values)
    values[2] = 0
    assert trace.sample(3, generator()).tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="read-only"):
        trace.values[0] = 5


def test_a_trace_gives_the_first_steps_but_no_more_than_it_holds():
    assert TraceDelay([0, 1, 2]).sample(2, generator()).tolist() == [0, 1]
    with pytest.raises(DelayError, match=r"holds the delays of 3 steps. Got a run of 4"):
        TraceDelay([0, 1, 2]).sample(4, generator())
    with pytest.raises(DelayError, match="at least one step"):
        TraceDelay([])


@pytest.mark.parametrize(
    ("delays", "expected"),
    [
        ([0, 1.5], "The delay of step 2 must be a whole number. Got 1.5."),
        ([0, math.nan], "step 2 must be a whole number. Got nan."),
        ([0, math.inf], "step 2 must be a whole number. Got inf."),
        (["0", "1"], "step 1 must be a whole number. Got '0'."),
        ([0, None], "step 2 must be a whole number. Got None."),
        ([False, True], "step 1 must be a whole number. Got False."),
        ([0, -1], "The delay of step 2 must be at least 0, as no step reads a later point. Got -1."),
        ([0, 1, 3], "The delay of step 3 must be at most 2, as no older point exists at step 3. Got 3."),
        ([1], "step 1 must be at most 0"),
        ([0, 1, 2, 3, 3], "The delay of step 4 must be at most 2 at staleness 3. Got 3. Give a staleness of 4."),
        ([0, 10**5000], "step 2 must be at most 1"),
        ([0, -(10**5000)], "step 2 must be at least 0"),
        (np.array([0, 2**64 - 1], dtype=np.uint64), "step 2 must be at most 1"),
        ([[0, 1]], "The delay of step 1 must be at most 0, as no older point exists at step 1. Got 1."),
        ([[0, 0], [1, -1]], "The delay of step 2 must be at least 0"),
        ([[0, 0], [0, 1], [0, 2], [3, 0]], "The delay of step 4 must be at most 2 at staleness 3. Got 3."),
        ([[0, 0], [0, 0.5]], "The delay of step 2 must be a whole number. Got 0.5."),
        ([[0], [0, 1]], "one list of whole numbers"),
        ([[], []], "one list of whole numbers"),
        ([[[0]]], "one list of whole numbers"),
        (3, "one list of whole numbers"),
    ],
)
def test_delays_that_break_a_limit_are_refused_naming_the_step(delays, expected):
    with pytest.raises(DelayError) as refusal:
        validate_delays(delays, Staleness(3))
    assert expected in str(refusal.value)


def test_a_staleness_that_is_too_small_is_told_the_one_that_is_large_enough(tmp_path):
    delays = [min(k, d) for k, d in enumerate([0, 1, 2, 5, 3, 17, 9, 11, 2, 9])]
    path = tmp_path / "delays.txt"
    np.savetxt(path, delays)
    for refused in (lambda window: validate_delays(delays, window), lambda window: read_trace(path, 10, window)):
        with pytest.raises(
            DelayError, match=r"must be at most 1 at staleness 2\. Got 2\. Give a staleness of 10\."
        ) as told:
            refused(Staleness(2))
        assert str(told.value).count("staleness of") == 1
        refused(Staleness(10))


@pytest.mark.parametrize("fmt", ["%d", "%.2f", "%.18e", "%g", "%5.1f"])
def test_delays_as_numpy_saves_them_are_read_whatever_its_format(tmp_path, fmt):
    delays = np.minimum(np.arange(120) % 7, np.arange(120))
    path = tmp_path / "delays.txt"
    np.savetxt(path, delays, fmt=fmt, header="delays of the updates", footer="the end")
    assert np.array_equal(read_trace(path, 120, WINDOW).values, delays)


@pytest.mark.parametrize("kind", [np.int8, np.uint64, np.float64, object, list])
def test_whole_delays_of_any_kind_become_int64(kind):
    given_delays = [0, 1, 2] if kind is list else np.array([0, 1, 2], dtype=kind)
    delays = validate_delays(given_delays, Staleness(3))
    assert delays.dtype == np.int64
    assert delays.tolist() == [0, 1, 2]


@given(st.lists(st.integers(-2, 6), max_size=12), st.integers(1, 5))
def test_exactly_the_admissible_delays_are_accepted(delays, window):
    admissible = all(0 <= d <= min(window - 1, k) for k, d in enumerate(delays))
    try:
        validate_delays(delays, Staleness(window))
    except DelayError:
        assert not admissible
    else:
        assert admissible


@given(st.lists(st.integers(0, 7), min_size=1, max_size=40))
@settings(max_examples=many(50))
def test_a_trace_written_to_a_file_reads_back(tmp_path_factory, numbers):
    delays = np.minimum(numbers, np.arange(len(numbers)))
    path = tmp_path_factory.mktemp("trace") / "delays.txt"
    np.savetxt(path, delays, fmt="%d")
    assert read_trace(path, len(numbers), WINDOW) == TraceDelay(delays)


@pytest.mark.parametrize(
    "content",
    [
        *(
            b"# d_k\n0\n#\n1\n1\n",
            b"0\n1\n1\n\n \t\r\n\n",
            b"0.0\n1.0\n1.\n",
            b"0.00\n1.00\n1.00\n",
            b"0\n.1e1\n10e-1\n",
        ),
        *(b"0.000000000000000000e+00\n" + 2 * b"1.000000000000000000E+00\n", b"-0\n1\n1\n"),
        b"0\n1\n1",
        b"0\r\n1\r\n1\r\n",
        b"\xef\xbb\xbf0\n1\n1\n",
        b" 0 \n\t+1\n01\n",
        b"0\n1\n" + b"0" * 5000 + b"1\n",
    ],
)
def test_line_ends_marks_signs_zeros_remarks_and_the_spelling_of_whole_numbers_do_not_matter(tmp_path, content):
    path = tmp_path / "delays.txt"
    path.write_bytes(content)
    assert read_trace(path, 3, WINDOW).values.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    "content",
    [
        "0 0 0\n0 1 0\n2 0 1\n",
        "[0, 0, 0]\n[0, 1, 0]\n[2, 0, 1]\n",
        "0,0,0\n0,1,0\n2,0,1",
        "0\t0\t0\n0\t1\t0\n2\t0\t1\n",
        "# reads\n(0; 0; 0)\n 0|1|0 \n2.00 0.00 1.00\n\n",
        " 0  0 0\n0 1   0\n2 0 1\r\n",
    ],
)
def test_several_delays_a_step_are_read_in_every_usual_spelling(tmp_path, content):
    path = tmp_path / "delays.txt"
    path.write_text(content)
    read = read_trace(path, 3, Staleness(3))
    assert read.values.tolist() == [[0, 0, 0], [0, 1, 0], [2, 0, 1]]
    assert read.maximum == 2
    assert read.mean == pytest.approx(4 / 9)


def test_a_column_of_delays_in_brackets_is_one_delay_a_step(tmp_path):
    path = tmp_path / "delays.txt"
    path.write_text("[0]\n[1]\n[1]\n")
    one = read_trace(path, 3, WINDOW)
    assert one == TraceDelay([0, 1, 1]) == TraceDelay([[0], [1], [1]])
    assert one.text == TraceDelay([[0], [1], [1]]).text


def test_traces_of_several_reads_differ_by_their_shape_too():
    flat, wide = TraceDelay(np.zeros(6, int)), TraceDelay(np.zeros((3, 2), int))
    assert flat != wide
    assert flat.text != wide.text
    assert wide.sample(2, generator()).shape == (2, 2)


def test_what_takes_one_delay_a_step_says_so_of_several():
    with pytest.raises(DelayError, match=r"A worst case takes one delay a step\. Got 2 a step"):
        one_read(validate_delays([[0, 0], [0, 1]]), "A worst case")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            b"0\none\n1\n",
            "Line 2 of {path} must hold the delay of step 2, a whole number, or several",
        ),
        (
            b"0\n1.5\n1\n",
            "Line 2 of {path} must hold the delay of step 2, a whole number, or several",
        ),
        (b"0\n1 1\n1\n", "Line 2 of {path} holds 2 of the delays of an update, and line 1 holds 1. Every"),
        (b"# B = 2\n0 0\n0 1\n1\n", "Line 4 of {path} holds 1 of the delays of an update, and line 2 holds 2."),
        (
            b"0 0\n0 x\n1 1\n",
            "Line 2 of {path} must hold the delay of step 2, a whole number, or several",
        ),
        (b"0,\n0,\n0,\n", "Line 1 of {path} must hold the delay of step"),
        (b"[0 0\n0 1\n1 1\n", "Line 1 of {path} must hold the delay of step"),
        (b"0 0\n0 2\n1 1\n", "The delay in line 2 of {path} must be at most 1"),
        (b"0 0\n0 1\n0 2\n", "The delay in line 3 of {path} must be at most 1 at staleness 2. Got 2."),
        (b"0 0\n0 1\n", "must have 3 lines, one for each step. Got 2 lines."),
        (
            b"0\n# a remark\n1.5e-1\n1\n",
            "Line 3 of {path} must hold the delay of step 2, a whole number, or several",
        ),
        (b"0\n1_0\n1\n", "Got '1_0'."),
        ("0\n\u0661\n1\n".encode(), "Line 2"),
        (
            b"\x00\x01\x02\n1\n1\n",
            r"Line 1 of {path} must hold the delay of step 1, a whole number, or several",
        ),
        (b"0\n\n1\n", "Line 2 of {path} is blank."),
        (b"\n0\n1\n1\n", "Line 1 of {path} is blank."),
        (b"0\n-1\n1\n", "The delay in line 2 of {path} must be at least 0"),
        (b"0\n2\n1\n", "The delay in line 2 of {path} must be at most 1, as no older point exists at step 2. Got 2."),
        (b"0\n1\n2\n", "The delay in line 3 of {path} must be at most 1 at staleness 2. Got 2."),
        (b"0\n" + b"9" * 5000 + b"\n1\n", "The delay in line 2 of {path} must be at most 1"),
        (b"0\n-" + b"9" * 5000 + b"\n1\n", "The delay in line 2 of {path} must be at least 0"),
        (b"0\n1\n", "must have 3 lines, one for each step. Got 2 lines."),
        (b"0\n1\n1\n1\n", "must have 3 lines, one for each step. Got 4 lines."),
        (b"", "Got 0 lines."),
        (b"\xff\xfe\x00\x80" * 9, "is no text file"),
    ],
)
def test_a_file_that_is_no_trace_is_refused_naming_the_line(tmp_path, content, expected):
    path = tmp_path / "delays.txt"
    path.write_bytes(content)
    with pytest.raises(DelayError) as refusal:
        read_trace(path, 3, Staleness(2))
    assert expected.format(path=path) in str(refusal.value)


@pytest.mark.parametrize("name", ["absent.txt", "a\0b"])
def test_what_is_no_file_is_refused(tmp_path, name):
    with pytest.raises(DelayError, match="There is no file of delays"):
        read_trace(tmp_path / name, 3, WINDOW)


def test_a_file_far_too_large_is_refused_unread(tmp_path):
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(DelayError, match="too large for 3 lines"):
        read_trace(path, 3, WINDOW)


@pytest.mark.parametrize("mark", ["\x1c", "\x1e", "\x1f", "\x0b", "\x85"])
def test_control_characters_are_no_blanks_around_a_delay(tmp_path, mark):
    path = tmp_path / "trace.txt"
    path.write_text(f"0\n{mark}1\n", encoding="utf-8")
    with pytest.raises(DelayError, match="must hold the delay of step"):
        read_trace(path, 2, WINDOW)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0, 1, 2, 2", r"has all of them in one line\. Give one delay a line"),
        ("# delays\n[0 1 0 1]\n", r"has all of them in one line\. Give one delay a line"),
        ("0\n7777777777777777777777\n", r"Got a number beyond 2\^62"),
        ("0\n1\n2, 1\n0\n", "Line 3 .* holds 2 of the delays of an update, and line 1 holds 1"),
    ],
)
def test_a_file_of_delays_is_told_what_is_wrong_with_it(tmp_path, text, sentence):
    path = tmp_path / "delays.txt"
    path.write_text(text)
    with pytest.raises(DelayError, match=sentence):
        read_trace(path, 4, Staleness(3))
    with pytest.raises(DelayError, match="is a folder, and no file of delays"):
        read_trace(tmp_path, 4, Staleness(3))
