"""Lesson 10: answers to its exercises."""

from tests.course.answers.tried import Tried, of

fleet, schedule, gradient = of("fleet"), of("schedule"), of("gradient")

ANSWERS = {
    "1": Tried(
        right=(
            fleet("3*constant:seconds=1+1*constant:seconds=8"), fleet("1*constant:seconds=20+3*constant:seconds=1.1"),
            fleet("3*constant:seconds=.1+constant:seconds=2"), fleet("3*exponential:mean=1+1*constant:seconds=12"),
            fleet("2*constant:seconds=1+constant:seconds=1.2+constant:seconds=15"),
            fleet("3*constant:seconds=1+1*repeat:seconds=1/1/1/9"),
        ),
        wrong=(
            (fleet("4*constant:seconds=1"), "largest delay is 3"),
            (fleet("2*constant:seconds=1+2*constant:seconds=12"), "too many workers are slow"),
            (fleet("7*constant:seconds=1+1*constant:seconds=12"), "8 workers"),
            (fleet("3*constant:seconds=1+1*constant:seconds=3"), "make one worker much slower"),
            (fleet("4*constant:seconds=2"), "too many workers"), (fleet("constant:seconds=1"), "1 workers"),
        ),
        unread=(fleet(""), fleet("four"), fleet("4*constant:seconds=0"), fleet("4*quick")),
    ),
    "2": Tried(
        right=(
            schedule("0.5/(d + 1)"), schedule("0.08 if d <= 8 else 0"), schedule("1/(L*(d + 1))"),
            schedule("0.3/(L*(1 + d))"), schedule("min(0.1, 1/(d + 1))"), schedule("0 if d > 20 else 0.1/L"),
        ),
        wrong=(
            (schedule("0.05"), "do not look at the delay"), (schedule("0.1"), "do not look"),
            (schedule("1/s"), "do not look"), (schedule("1.5/(d + 1)"), "too long"), (schedule("0"), "go nowhere"),
            (schedule("0.01/(d + 1)"), "too short"), (schedule("0.25 if d <= 8 else 0"), "too long"),
        ),
        unread=(schedule(""), schedule("delay"), schedule("@/etc/hostname"), schedule("__import__('os')")),
    ),
    "3": Tried(
        right=(
            gradient("10 9 8 3.5"), gradient("4, 3, 2, 1"), gradient("8 4 2 1"), gradient("-4 3 -2 1"),
            gradient("5 5.5 6 2.2"), gradient("2; 1; 1/2; 1/4"), gradient("1 2 3 0.7"),
        ),
        wrong=(
            (gradient("4 4 3 3"), "nobody waits"), (gradient("1 1 1 1"), "nobody waits"),
            (gradient("1 2 3 0"), "never sent"), (gradient("100 1 1 1"), "too small"),
            (gradient("1 1 1 0.01"), "too small"), (gradient("2 2 2 1.5"), "nobody waits"),
        ),
        unread=(gradient("1 2 3"), gradient(""), gradient("a b c d")),
    ),
}  # fmt: skip
