"""Work in compiled code: what it gives and raises comes through, and an interruption does not wait for it."""

import os
import signal
import threading
import time

import numpy as np
import pytest

from theory.common.waiting import heard, part, parts, watched


@pytest.fixture
def interrupted_soon():
    """Ctrl-C in a moment, in a process that listens to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    yield
    timer.join()
    signal.signal(signal.SIGINT, before)


def test_long_work_that_tells_how_far_it_is_ends_where_it_tells_after_an_interruption(interrupted_soon):
    left = threading.Event()

    def work(told):
        try:
            while True:
                time.sleep(0.01)
                told(0.5)
        finally:
            left.set()

    with pytest.raises(KeyboardInterrupt):
        watched(work, lambda share: None, seconds=60.0)
    assert left.wait(5)


def test_work_that_asks_is_told_to_end_by_an_interruption(interrupted_soon):
    left = threading.Event()

    def work(ended):
        while not ended():
            time.sleep(0.01)
        left.set()

    with pytest.raises(KeyboardInterrupt):
        heard(work)
    assert left.wait(60)


def test_an_interruption_does_not_wait_for_work_that_never_asks(interrupted_soon):
    free = threading.Event()
    with pytest.raises(KeyboardInterrupt):
        heard(lambda ended: free.wait())
    free.set()


def test_errors_and_the_callers_settings_come_through():
    def overflows(ended):
        return np.exp(np.array([1e4]))

    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        heard(overflows)
    with np.errstate(over="ignore"):
        assert heard(overflows) == np.inf


def test_the_caller_is_told_that_time_passes():
    told = []
    heard(lambda ended: _until(lambda: told), lambda: told.append(1))
    assert told


def _until(condition):
    while not condition():
        time.sleep(0.01)


def test_stages_fill_their_own_share_of_the_whole_and_no_more():
    told = []
    stages = list(parts(lambda done, total, text: told.append(done / total), 0.2, 0.8, 3))
    for stage in stages:
        for done in (0, 1, 2, 3):
            stage(done, 2, "")
    assert told == sorted(told)
    assert (told[0], told[4], told[-1]) == pytest.approx((0.2, 0.4, 0.8), abs=2e-3)
    assert part(None, 0.0, 1.0) is None
