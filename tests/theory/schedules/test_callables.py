"""Schedules as objects: read as a table of numbers at the steps of the run, on a copy, and never trusted."""

import copy
import functools
import math
import pickle

import numpy as np
import pytest

from theory.bounds import Setting
from theory.common.errors import InputError, ScheduleError
from theory.schedules.schedule import NumericSchedule, Schedule, parse_schedule, said_of
from theory.staleness.count import Staleness


class Optimizer:
    """As far as a scheduler looks at one: groups of parameters, each with its step size."""

    def __init__(self, *rates):
        self.param_groups = [{"params": [Untouchable()], "lr": rate} for rate in rates]
        self.state = Untouchable()


class Untouchable:
    """A large tensor: whoever copies it has made a mistake."""

    def __deepcopy__(self, memo):
        raise AssertionError("parameters are not copied")


class Scheduler:
    """PyTorch's protocol with a rule of its own, counting calls of step() from 0."""

    def __init__(self, optimizer, factor):
        self.optimizer, self.factor, self.last_epoch = optimizer, factor, 0
        self.base_lrs = [group["lr"] for group in optimizer.param_groups]

    def get_last_lr(self):
        return [group["lr"] for group in self.optimizer.param_groups]

    def step(self):
        self.last_epoch += 1
        for group, base in zip(self.optimizer.param_groups, self.base_lrs, strict=True):
            group["lr"] = base * self.factor(self.last_epoch)


class Plateau(Scheduler):
    """A scheduler that waits for the loss of a run."""

    def step(self, metrics):
        super().step()


def read(given, steps=5):
    return parse_schedule(given, steps).step_sizes(steps).tolist()


def refusal(given, steps=5):
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(given, steps)
    return str(caught.value)


def halved(k):
    return 0.3 * 0.5**k


def test_a_callable_is_asked_at_the_steps_counted_from_one():
    assert read(lambda k: 0.2 / k, 4) == [0.2, 0.1, 0.2 / 3, 0.05]
    assert read(functools.partial(lambda a, k: a * k, 0.5), 3) == [0.5, 1.0, 1.5]
    assert read(halved, 2) == [0.15, 0.075]
    assert said_of(parse_schedule(halved, 2)) == (
        "Step sizes of the callable halved, read at 2 steps: called with k = 1..2.",
    )
    asked = []
    read(lambda k: asked.append(k) or 1.0, 6)
    assert asked == [1, 2, 3, 4, 5, 6]


def test_a_scheduler_is_read_on_a_copy_that_the_training_does_not_notice():
    scheduler = Scheduler(Optimizer(0.4, 0.4), lambda n: 1 / (1 + n))
    before = copy.copy(scheduler.optimizer.param_groups[0])
    assert read(scheduler, 4) == [0.4, 0.2, 0.4 / 3, 0.1]
    assert (scheduler.last_epoch, scheduler.optimizer.param_groups[0]) == (0, before)
    scheduler.step()
    assert read(scheduler, 2) == [0.2, 0.4 / 3]
    (told,) = said_of(parse_schedule(scheduler, 2))
    assert told == "Step sizes of the scheduler Scheduler, read at 2 steps on a copy, from where it stands."


def test_what_was_read_is_a_value_of_its_own():
    rule = parse_schedule(lambda k: 1.0 / k, 3)
    assert isinstance(rule, NumericSchedule)
    assert pickle.loads(pickle.dumps(rule)) == rule
    assert rule.text.startswith("@lambda-")
    assert rule != parse_schedule(lambda k: 2.0 / k, 3)
    assert parse_schedule(rule, 3) is rule
    assert said_of(Schedule("1/k")) == said_of(NumericSchedule([1.0])) == ()
    assert Setting.of(halved, np.array([0, 1]), Staleness(2), {}).step_sizes.tolist() == [0.15, 0.075]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (lambda k: 1 / (k - 3), "fails at step k = 3: ZeroDivisionError"),
        (lambda k: None if k == 2 else 1, "fails at step k = 2: TypeError: None is no number"),
        (lambda k: "0.1", "'0.1' is no number"),
        (lambda k: [0.1, 0.2], "fails at step k = 1"),
        (lambda: 0.1, "fails at step k = 1: TypeError"),
        (lambda k: 4.0 - k, "at least 0 at every step. Got -1 at step k = 5"),
        (lambda k: math.inf, "finite number"),
        (Scheduler(Optimizer(0.1, 0.2), lambda n: 1), "2 step sizes at once, one for each group of parameters"),
        (Plateau(Optimizer(0.1), lambda n: 1), "waits for a loss"),
        (Scheduler, "is a text such as"),
        (object(), "a list or array of T numbers, a function of k, or a scheduler. Got object."),
        ({0.1: 1}, "or @FILE, a number, a list or array of T numbers"),
        (None, "Got NoneType"),
        (True, "Got bool"),
        ([], "Got an array of float64 of shape (0,)"),
        ([[0.1, 0.2]], "of shape (1, 2)"),
        (["0.1", "0.2"], "Got an array of <U3"),
        (np.array([0.1j]), "Got an array of complex128"),
        ([0.1, math.inf], "Got inf at step k = 2. Change that number."),
        ((0.1, -0.2), "Got -0.2 at step k = 2. Change that number."),
    ],
)
def test_an_object_that_gives_no_step_sizes_is_refused_with_the_step(given, says):
    assert says in refusal(given)


@pytest.mark.parametrize("given", [[0.5, 0.25, 0], (0.5, 0.25, 0), np.array([0.5, 0.25, 0], dtype=np.float32)])
def test_a_list_of_numbers_is_what_a_file_of_them_would_be(given):
    rule = parse_schedule(given, 3)
    assert rule.step_sizes(3).tolist() == [0.5, 0.25, 0]
    assert rule.digest == NumericSchedule([0.5, 0.25, 0]).digest
    assert said_of(rule) == (f"Step sizes read from the {type(given).__name__}, one for each step.",)
    with pytest.raises(ScheduleError, match=r"must hold one number for each of the 4 steps\. Got 3"):
        rule.step_sizes(4)


@pytest.mark.parametrize("given", [0.25, np.float64(0.25), 1, np.int64(1), np.array(0.25)])
def test_a_number_is_the_step_size_of_every_step(given):
    assert parse_schedule(given).step_sizes(3).tolist() == [float(given)] * 3
    with pytest.raises(ScheduleError, match="at least 0 at every step"):
        parse_schedule(-given).step_sizes(3)


def test_a_scheduler_that_cannot_be_copied_is_not_worn_out():
    scheduler = Scheduler(Optimizer(0.1), lambda n: 1)
    scheduler.held = Untouchable()
    assert "cannot be copied (AssertionError), and reading it would change it" in refusal(scheduler)


def test_a_callable_needs_to_know_how_many_steps():
    with pytest.raises(InputError, match="steps=T"):
        parse_schedule(halved)


def test_a_schedule_of_optax_counts_updates_from_zero():
    optax = pytest.importorskip("optax")
    cosine = optax.warmup_cosine_decay_schedule(0.0, 0.3, warmup_steps=5, decay_steps=40)
    rule = parse_schedule(cosine, 50)
    # In float32, whose last digits depend on how optax compiles.
    rounding = 2 * np.finfo(np.float32).eps
    np.testing.assert_allclose(rule.step_sizes(50), [float(cosine(n)) for n in range(50)], rtol=0, atol=rounding)
    assert rule.step_sizes(50)[0] == 0
    (told,) = said_of(rule)
    assert "the callable join_schedules, read at 50 steps: called with 0..49, as optax counts." in told
    assert read(lambda k: cosine(k - 1), 50) == [float(cosine(n)) for n in range(50)]
    joined = optax.join_schedules([optax.constant_schedule(0.1), optax.exponential_decay(0.1, 3, 0.5)], [4])
    np.testing.assert_allclose(read(joined, 9), [float(joined(n)) for n in range(9)], rtol=0, atol=rounding)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_scheduler_of_pytorch_is_read_as_training_would_meet_it(seed):
    torch = pytest.importorskip("torch")

    def made():
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(2))], lr=0.1 + seed)
        return optimizer, torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=7)

    optimizer, scheduler = made()
    expected = []
    for _ in range(20):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert read(made()[1], 20) == expected
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(made()[0])
    assert "waits for a loss" in refusal(plateau)
