"""Lesson 2: answers to its exercises."""

from tests.course.answers.tried import Tried, of

steps, slope, schedule = of("steps"), of("slope"), of("schedule")

ANSWERS = {
    "1": Tried(
        right=(steps("1060"), steps("1080"), steps("2^10 + 40"), steps("1.06e3"), steps("265*4"), steps(" 1061 ")),
        wrong=(
            (steps("1059"), "Too few"), (steps("350"), "left out $\\Delta"), (steps("530"), "factor 2"),
            (steps("960"), "Too few"), (steps("1200"), "two per cent too many"), (steps("10000"), "two per cent"),
        ),
        unread=(steps(""), steps("1060.5"), steps("-4"), steps("0"), steps("T"), steps("1e9")),
    ),
    "2": Tried(
        right=(slope("0.55"), slope("0.56"), slope("0.577"), slope("sqrt(0.31)"), slope("4/7"), slope("0,5700")),
        wrong=(
            (slope("0.5"), "Already at the start"), (slope("0.3"), "square of the slope"), (slope("0.6"), "Too steep"),
            (slope("1"), "Too steep"), (slope("2"), "Too steep"), (slope("-0.55"), "no slope"),
            (slope("0"), "no slope"),
        ),
        undecided=(slope("sqrt(0.3)"), slope("sqrt(1/3)")),
        unread=(slope(""), slope("g"), slope("0.5 0.6")),
    ),
    "3": Tried(
        right=(
            schedule("0.1"), schedule("1/(2*s*L)"), schedule("0.1/L if k <= 150 else 0.12"),
            schedule("0.12*(1 - k/2000)"),
            schedule("0.45/(s*L)"), schedule("min(0.12, 20/k)"),
        ),
        wrong=(
            (schedule("0.3/(L*sqrt(s*k))"), "too slowly"), (schedule("1/k"), "refuses"),
            (schedule("0.3"), "too much noise"),
            (schedule("0.02"), "too slowly"), (schedule("0"), "go nowhere"), (schedule("2/L"), "refuses"),
            (schedule("0.2"), "too much noise"),
        ),
        unread=(
            schedule(""), schedule("eta"), schedule("1/"), schedule("-0.1"), schedule("__import__('os')"),
            schedule("@/etc/hostname"), schedule("mu/(s*L)"),
        ),
    ),
}  # fmt: skip
