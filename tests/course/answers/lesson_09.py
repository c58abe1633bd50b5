"""Lesson 9: answers to its exercises."""

from tests.course.answers.tried import Tried, of

steps, schedule = of("steps"), of("schedule")

ANSWERS = {
    "1": Tried(
        right=(
            steps("0.61 0.76 0.14 0 0.61 0.84"), steps("0.7, 0.7, 0, 0, 0.7, 0.7"),
            steps("[0.6; 0.6; 0.3; 0; 0.6; 0.8]"), steps("0.6 0.6 0 0.6 0.6 0.6"),
            steps("4/5 4/5 0 0 4/5 4/5"), steps("0.6 0.6 0 0 0.6 0.6"),
        ),
        wrong=(
            (steps("0.4 0.4 0.4 0.4 0.4 0.4"), "A constant step"),
            (steps("0.41 0.41 0.41 0.41 0.41 0.41"), "A constant"),
            (steps("1 0 0 1 0 0"), "15 per cent larger"), (steps("0.3 0.3 0 0 0.3 0.3"), "too short"),
            (steps("1 1 0 0 1 1"), "too long"), (steps("2 2 2 2 2 1"), "certified worst case is 2"),
            (steps("0 0 0 0 0 0"), "go nowhere"), (steps("0.6 0.6 -0.1 0 0.6 0.6"), "climbs"),
        ),
        unread=(steps("0.4 0.4"), steps(""), steps("a b c d e f"), steps("1e9 0 0 0 0 0")),
    ),
    "2": Tried(
        right=(
            steps("0.7 0.7 0 0 0.7 0.7"), steps("0.61 0.76 0 0 0.61 0.84"), steps("3/5, 3/4, 0, 0, 3/5, 4/5"),
            steps("0.65 0.65 0 0 0.65 0.65"), steps("0.8 0.8 0 0 0.8 0.8"), steps("0.75 0.6 0 0 0.6 0.75"),
        ),
        wrong=(
            (steps("0.61 0.76 0.14 0 0.61 0.84"), "You use 5"), (steps("0.4 0.4 0.4 0.4 0.4 0.4"), "You use 6"),
            (steps("0 0 1.1547 0 0 1.1547"), "not yet below"), (steps("0.5 0 0.5 0.5 0 0.5"), "not yet below"),
            (steps("0.3 0.3 0 0 0.3 0.3"), "too short"), (steps("1.2 1.2 0 0 1.2 1.2"), "too long"),
            (steps("0 0 0 0 0 0"), "go nowhere"),
        ),
        unread=(steps("0.7 0.7 0.7 0.7"), steps(""), steps("0.7 0.7 x x 0.7 0.7")),
    ),
    "3": Tried(
        right=(
            schedule("0 if k - 3*floor(k/3) == 0 else 0.6/L"),
            schedule("0.65/L if k <= 2 else 0 if k == 3 else 0.6/L if k <= 5 else 0.3 if k == 6 else min(k - 7, 0.6)"),
            schedule("0.65/L if k - 3*floor(k/3) > 0.5 else 0"),
            schedule("0 if k == 3 else 0 if k == T - 2 else 0.55/L"),
            schedule("0.6/L if k % 3 > 0 else 0"),
            schedule("min(0.62/L, k % 3)"),
        ),
        wrong=(
            (schedule("0.4/L"), "A constant step"), (schedule("0.5/L if k <= 2 else 0.4/L"), "At $T = 6$"),
            (schedule("1/(L*sqrt(k))"), "too long"), (schedule("k % 3"), "not yet below"),
            (schedule("0.2/L"), "A constant"),
            (schedule("0.7/L if k == 1 else 0.2/L"), "too short"), (schedule("0"), "go nowhere"),
        ),
        unread=(schedule(""), schedule("@/etc/hostname"), schedule("eta"), schedule("k k"),
            schedule("__import__('os')"),),
    ),
}  # fmt: skip
