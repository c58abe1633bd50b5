"""Lesson 7: answers to its exercises."""

from tests.course.answers.tried import Tried, of

step, pair = of("step"), of("beta", "step")

ANSWERS = {
    "1": Tried(
        right=(step("0.255"), step("1/4"), step("0.26"), step("0,25"), step("sqrt(0.065)"), step("2*sin(pi/14)*0.58")),
        wrong=(
            (step("0.2"), "too short"), (step("0.1"), "too short"), (step("0.35"), "too long"),
            (step("0.43"), "step for quadratics"), (step("0.5"), "infinite"), (step("-0.2"), "positive"),
            (step("1e-6"), "straight slope"), (step("2/sqrt(3)"), "infinite"),
        ),
        unread=(step(""), step("h"), step("1/0")),
    ),
    "2": Tried(
        right=(step("0.9"), step("0.95"), step("9/10"), step("0.99"), step("1 - 0.08"), step("sqrt(0.9)")),
        wrong=(
            (step("0.5"), "themselves"), (step("0.8"), "themselves"), (step("0.83"), "longer still"),
            (step("1"), "infinite"), (step("1.5"), "infinite"), (step("0"), "positive"), (step("0.84"), "longer still"),
        ),
        unread=(step(""), step("h"), step("0.9 0.95")),
    ),
    "3": Tried(
        right=(
            pair("-0.5", "0.8"), pair("-1/2", "0.7"), pair("-0.4", "0.75"), pair("-0.45", "3/4"),
            pair("-0,5", "0,75"), pair("-sqrt(0.2)", "0.7"),
        ),
        wrong=(
            (pair("0.5", "0.3"), "taken back"), (pair("0.1", "0.5"), "taken back"),
            (pair("0", "0.57"), "constant step"),
            (pair("-0.5", "0.2"), "longer step"), (pair("-0.5", "2"), "Too long"), (pair("1", "0.1"), "never die out"),
            (pair("-0.5", "-0.5"), "positive"), (pair("-0.02", "0.57"), "no step is good enough"),
        ),
        unread=(pair("", "0.5"), pair("-0.5", ""), pair("b", "h")),
    ),
}  # fmt: skip
