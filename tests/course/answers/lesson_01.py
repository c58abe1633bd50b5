"""Lesson 1: answers to its exercises."""

from math import pi, sin

from tests.course.answers.tried import Tried, of

pair, step, delays = of("delay", "step"), of("step"), of("delays")

ANSWERS = {
    "1": Tried(
        right=(
            pair("1", "0.5"), pair("1", "1/3"), pair("2", "0.2"), pair("3", "sin(pi/14)"), pair("10", "0.1"),
            pair("2", "(sqrt(5)-1)/2 - 0.01"), pair(" 4 ", "0,3"),
        ),
        wrong=(
            (pair("1", "0.25"), "does not oscillate"), (pair("3", "0.1"), "does not oscillate"),
            (pair("2", "0.7"), "the error grows"), (pair("1", "1"), "neither grows nor shrinks"),
            (pair("2", "-0.1"), "does not descend"), (pair("1", "0"), "does not descend"),
        ),
        undecided=(pair("2", "2*sin(pi/10)*(1 - 1e-14)"), pair("2", str(4 / 27 * (1 + 1e-14)))),
        unread=(pair("0", "1.5"), pair("1.5", "0.2"), pair("", "0.2"), pair("1", "small"), pair("1", "1/0")),
    ),
    "2": Tried(
        right=(
            step("0.154"), step("0.1535"), step("(sqrt(5) - 1)/8*0.995"), step("1/6.5"), step("0.999*sin(pi/10)/2"),
            step("2*sin(pi/10)/4 - 0.0001"),
        ),
        wrong=(
            (step("0.618"), "divide"), (step("0.5"), "without delay"), (step("0.25"), "delay 1"),
            (step("0.111"), "delay 3"),
            (step("0.1"), "below the largest stable"), (step("0.16"), "Beyond"), (step("2.47"), "multiplied"),
            (step("-0.15"), "positive"), (step("0.0386"), "twice"),
        ),
        undecided=(step(repr(sin(pi / 10) / 2 * (1 - 1e-15))),),
        unread=(step(""), step("eta"), step("0.15 0.16"), step(None)),
    ),
    "3": Tried(
        right=(
            delays("0 1 2 3 3 3"), delays("3,3,3,0,1,2"), delays("[0 1 2 3 3 3 0 1 2 3 3 3]"), delays("1 1 2 3 3 3"),
            delays("0;2;2;3;3;3"), delays("0 1 2 3 3"), delays("3 2 1 2 3 3"),
        ),
        wrong=(
            (delays("3"), "constant delay"), (delays("3 3 3 3"), "constant delay"),
            (delays("0 1 2 4 4 4"), "larger than 3"),
            (delays("0 3"), "still converges"), (delays("0 1 2 3"), "still converges"),
            (delays("-1 2"), "does not exist"),
            (delays("0"), "constant delay"),
        ),
        unread=(delays(""), delays("a b"), delays("1.5 2"), delays("0 " * 61)),
    ),
}  # fmt: skip
