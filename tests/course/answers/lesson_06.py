"""Lesson 6: answers to its exercises."""

from tests.course.answers.tried import Tried, of

value, drawn, forged = of("value"), of("gap", "slopes"), of("line", "factor")

ANSWERS = {
    "1": Tried(
        right=(value("-1"), value("-1.5"), value("-5/4"), value("\N{MINUS SIGN}1,2"), value("-sqrt(2)"), value("-4/3")),
        wrong=(
            (value("-2"), "straight line"), (value("-0.5"), "Too flat"), (value("0"), "Too flat"),
            (value("1"), "Higher than"), (value("-1.75"), "dip further"), (value("-2.5"), "lower than the straight"),
            (value("-3"), "lower than the straight"), (value("-4"), "Too low"),
        ),
        unread=(value(""), value("x"), value("1/0")),
    ),
    "2": Tried(
        right=(
            drawn("1/6", "2/3 1/2 2/3 1/2 2/3 1/2 2/3 1/2 2/3"),
            drawn("0.1625", "0.65 0.4875 0.65 0.4875 0.65 0.4875 0.65 0.4875 0.65"),
            drawn("0.165", "[0.66, 0.5, 0.66, 0.5, 0.66, 0.5, 0.66, 0.5, 0.66]"),
            drawn("0.1625", "0.65; 0.5; 0.65; 0.5; 0.65; 0.5; 0.65; 0.5; 0.65"),
            drawn("0.1625", "0.65 0.49 0.65 0.5 0.65 0.5 0.65 0.49 0.65"),
            drawn("1/12", "2/3 7/12 1/2 7/12 2/3 7/12 1/2 7/12 2/3 7/12 1/2 7/12 2/3 7/12 1/2 7/12 2/3"),
        ),
        wrong=(
            (drawn("0.25", "0.63 0.63 0.63 0.63 0.63 0.63"), "in the bowl"),
            (drawn("0.2", "0.63 0.5 0.63 0.5 0.63 0.5 0.63 0.5"), "is read there"),
            (drawn("0.25", "0.66 0.66 0.66 0.66"), "in the bowl"),
            (drawn("0.25", "0.7 0.7 0.7 0.7 0.7 0.7 0.7 0.7"), "Too high"),
            (drawn("0.1", "0.7 0.3 0.7 0.3 0.7"), "Not 1-smooth"),
            (drawn("1/6", "0.5 0.4 0.5 0.4 0.5 0.4 0.5 0.4 0.5"), "is read there"),
            (drawn("0.5", "-0.5 -0.5"), "must be positive"),
            (drawn("1", "1 0.5 0.1"), "Too high"),
        ),
        undecided=(drawn("sqrt(0.42)/4", " ".join(["0.648074069840786", "0.5"] * 4 + ["0.648074069840786"])),),
        unread=(drawn("", "0.5 0.5"), drawn("0.25", ""), drawn("0.25", "0.6"), drawn("0", "0.6 0.6"), drawn("a", "b")),
    ),
    "3": Tried(
        right=(
            forged("measure 4", "0.9"), forged("measure 1", "0.99"), forged("measure 0", "0"),
            forged("Measure  2", "4/5"), forged("measure 3", "0.95"), forged("measure 0", "1/2"),
        ),
        wrong=(
            (forged("pair 0 1", "1.01"), "flow out"), (forged("start", "0.9"), "flow out"),
            (forged("floor 4", "2"), "flow out"), (forged("measure 4", "1.01"), "pay for"),
            (forged("measure 1", "-1"), "turns round"), (forged("measure 1", "1"), "nothing is changed"),
            (forged("measure 1", "0.1"), "says too little"), (forged("pair 4 3", "0"), "flow out"),
        ),
        unread=(forged("", "2"), forged("pair 0 4", "2"), forged("step 1", "2"), forged("start", "")),
    ),
}  # fmt: skip
