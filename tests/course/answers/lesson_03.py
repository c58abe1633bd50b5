"""Lesson 3: answers to its exercises."""

from tests.course.answers.tried import Tried, of

value, delays, chances = of("value"), of("delays"), of("pp", "pm", "mp", "mm")

ANSWERS = {
    "1": Tried(
        right=(value("5/8"), value("0.625"), value("1/16 + 9/16"), value("10/16"), value("0,6250"), value("62.5/100")),
        wrong=(
            (value("1/16"), "square of the mean"), (value("0.875"), "dropped"), (value("0.5"), "one step is missing"),
            (value("13/16"), "as it came in"), (value("-1"), "not negative"), (value("2"), "Write"),
            (value("0.34375"), "without delay"),
        ),
        unread=(value(""), value("x"), value("5//0")),
    ),
    "2": Tried(
        right=(
            delays("0 1 2 3 0 3"), delays("0,0,0,0,0,3"), delays("[0 0 0 0 0 2]"), delays("0 1 2 1 1 3"),
            delays("0;1;1;0;2;3"), delays("0 0 1 0 0 2"),
        ),
        wrong=(
            (delays("0 1 2 3 3 3"), "overtake"), (delays("0 0 0 0 0 0"), "Let step 5 be later"),
            (delays("0 0 0 0 0 1"), "Let step 5 be later"), (delays("0 1 2 2 2 2"), "overtake"),
            (delays("1 1 1 1 1 1"), "Step 0 cannot"), (delays("0 1 2 3 4 3"), "Step 4 cannot"),
            (delays("0 0 0 0 0 -2"), "Step 5 cannot"),
        ),
        unread=(delays(""), delays("0 1 2"), delays("0 1 2 3 0 3 3"), delays("a b c d e f")),
    ),
    "3": Tried(
        right=(
            chances("1", "1/2", "1/2", "0"), chances("0", "1", "1", "0"), chances("1", "0", "0", "1"),
            chances("0.3", "0.7", "0.7", "0.3"), chances("1/2", "1/3", "1/3", "1/2"), chances("0", "0.5", "0.5", "0.5"),
        ),
        wrong=(
            (chances("0.5", "0", "1", "0.5"), "the negative one"),
            (chances("0.5", "1", "0", "0.5"), "the positive one"),
            (chances("0.5", "0.5", "0.5", "0.5"), "does not look"), (chances("1", "1", "1", "1"), "does not look"),
            (chances("0", "0.4", "0.6", "1"), "the negative one"),
            (chances("1", "0.2", "0.1", "0"), "the positive one"),
        ),
        undecided=(chances("0", "0.1 + 0.2", "0.3", "1"),),
        unread=(chances("", "", "", ""), chances("2", "0", "0", "0"), chances("a", "0", "0", "0")),
    ),
}  # fmt: skip
