"""Lesson 5: answers to its exercises."""

from tests.course.answers.tried import Tried, of

value, step, start = of("value"), of("step"), of("x", "y")

ANSWERS = {
    "1": Tried(
        right=(value("-4"), value("\N{MINUS SIGN}4"), value("-4.0"), value("(1/4)/(-1/16)"), value("1 - 5")),
        wrong=(
            (value("4"), "sign is lost"), (value("-1"), "largest"), (value("-1/64"), "divide by"),
            (value("-0.25"), "old gradient"), (value("-16"), "too far"), (value("1"), "nothing has overshot"),
            (value("7"), "never above 1"), (value("-3"), "Write down"),
        ),
        unread=(value(""), value("mu"), value("1/0"), value(None)),
    ),
    "2": Tried(
        right=(step("0.2"), step("1/5"), step("0.12"), step("0.249"), step("1/4 - 0.01"), step("0,15"), step("3/20")),
        wrong=(
            (step("0.1"), "Too small"), (step("0.02"), "Too small"), (step("27/256"), "Too small"),
            (step("0.106"), "not within"), (step("0.3"), "refuses this step"), (step("0.5"), "refuses this step"),
            (step("-0.1"), "positive"), (step("0"), "positive"), (step("50"), "by far"),
        ),
        undecided=(step("0.25"), step("0.25*(1 - 1e-12)")),
        unread=(step(""), step("a"), step("0.1 0.2")),
    ),
    "3": Tried(
        right=(
            start("1", "30"), start("-1", "50"), start("2", "-80"), start("1", "1000"), start("sqrt(2)", "40"),
            start("-3", "-3*50"),
        ),
        wrong=(
            (start("1", "0"), "nothing behind"), (start("1", "1"), "smaller than"), (start("5", "1"), "smaller than"),
            (start("0", "10"), "hardly an overshoot"), (start("0.5", "100"), "hardly an overshoot"),
            (start("1", "-6"), "smaller than"),
        ),
        unread=(start("", ""), start("1", ""), start("1", "y"), start("1", "1e9")),
    ),
}  # fmt: skip
