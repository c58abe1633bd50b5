"""Lesson 4: answers to its exercises."""

from tests.course.answers.tried import Tried, of

order, pair, steps = of("order"), of("curvature", "step"), of("steps")

ANSWERS = {
    "1": Tried(
        right=(
            order("B D G E A F C"), order("EABDGFC"), order("e, b, a, d, g, f, c"), order("B-E-D-A-G-F-C"),
            order("B → D → E → G → A → F → C"), order("E B D G A F C"),
        ),
        wrong=(
            (order("D B G E A F C"), "rests on the step B"), (order("A B C D E F G"), "rests on the step E"),
            (order("B D G E F A C"), "rests on the step A"), (order("B D G E A C F"), "rests on the step F"),
            (order("C B D G E A F"), "stops at C"), (order("B G D E A F C"), "rests on the step D"),
        ),
        unread=(order(""), order("B D G"), order("B D G E A F C C"), order("1 2 3 4 5 6 7"), order("H D G E A F C")),
    ),
    "2": Tried(
        right=(
            pair("1", "0.5"), pair("0.9", "1"), pair("9/10", "1/3"), pair("1", "2"), pair("0.81", "0.01"),
            pair("sqrt(3)/2", "pi"),
        ),
        wrong=(
            (pair("0.5", "1"), "too flat"), (pair("0.79", "1"), "too flat"), (pair("1.2", "0.5"), "not L-smooth"),
            (pair("1", "0"), "Nothing moves"), (pair("1", "-1"), "not negative"), (pair("-1", "1"), "On a hill"),
            (pair("0", "1"), "Nothing moves"),
        ),
        undecided=(pair("4/5", "1"), pair("0.8", "0.1")),
        unread=(pair("", "1"), pair("1", "eta"), pair("1/0", "1")),
    ),
    "3": Tried(
        right=(
            steps("0.1 0.1 0.1 0.1 0.2"), steps("0.4, 0.2, 0.1, 0.1, 0.1"), steps("[1/10; 1/5; 1/5; 1/5; 1/5]"),
            steps("0.2 0.1 0.2 0.1 0.2"), steps("0.4 0.2 0.2 0.1 0.05"), steps("0.01 0.02 0.03 0.04 0.05"),
        ),
        wrong=(
            (steps("0.1 0.1 0.1 0.1 0.1"), "Both apply"), (steps("0.3 0.2 0.1 0.1 0.1"), "Both apply"),
            (steps("0.5 0.5 0.5 0.5 0.5"), "does not apply either"), (steps("0.1 0.1 0.1 0.6 0.6"), "w_1"),
            (steps("0.1 0.1 0.1 0.1 -0.1"), "climbs"), (steps("1 1 1 1 1"), "does not apply either"),
            (steps("0 0 0 0 0"), "does not apply either"),
        ),
        undecided=(steps("1/3 1/3 1/3 1/3 1/3"),),
        unread=(steps("0.1 0.1"), steps(""), steps("a b c d e"), steps("0.1 0.1 0.1 0.1 0.1 0.1")),
    ),
}  # fmt: skip
