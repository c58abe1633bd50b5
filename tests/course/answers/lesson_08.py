"""Lesson 8: answers to its exercises."""

from tests.course.answers.tried import Tried, of

claim, pair, both = of("claim"), of("steps", "slope"), of("schedule", "claim")
_STEPS = "1/(s*L + sigma*sqrt(L*T/(2*Delta)))"

ANSWERS = {
    "1": Tried(
        right=(
            claim("3/T"), claim("1.5*s*L*Delta/T"), claim("3.3*L*Delta/(T + 1)"), claim("3.1*Delta*L*T^-1"),
            claim("(2.7 + 0.3)*L*Delta/T"), claim("sqrt(9)/T"), claim("3/T + 1/T^2"),
        ),
        wrong=(
            (claim("2*s*L*Delta/T"), "promises too little"), (claim("4/T"), "promises too little"),
            (claim("1/T"), "Refuted"), (claim("0.03"), "At $T = 1$"), (claim("0.3/sqrt(T)"), "Refuted"),
            (claim("2*L*Delta/T"), "At $T = 5$"), (claim("5/sqrt(T)"), "promises too little"),
        ),
        undecided=(claim("2.3/T"), claim("max(3/T, 1/T^2)")),
        unread=(claim(""), claim("3/x"), claim("@/etc/hostname"), claim("__import__('os')"), claim("1/(T-1)")),
    ),
    "2": Tried(
        right=(
            pair("200", "0.097"), pair("10000", "sqrt(2/10001)*0.99"), pair("1e3", "0.0445"), pair("100", "0.14"),
            pair("500", "sqrt(1/252)"), pair("3000", "0.0256"),
        ),
        wrong=(
            (pair("20", "0.3"), "take more steps"), (pair("1", "1"), "take more steps"),
            (pair("200", "0.05"), "Too flat"), (pair("200", "0.2"), "Too steep"), (pair("1000", "-0.04"), "no slope"),
            (pair("10000", "0.01"), "Too flat"), (pair("500", "1"), "Too steep"),
        ),
        undecided=(pair("199", "0.1"),),
        unread=(pair("", "0.1"), pair("10.5", "0.1"), pair("200", "g"), pair("100000", "0.001")),
    ),
    "3": Tried(
        right=(
            both(_STEPS, "sigma*sqrt(2*L*Delta/T) + 2*s*L*Delta/T"),
            both(_STEPS, "2*sigma*sqrt(L*Delta/T) + 7*L*Delta*s/T"),
            both("1/(s*L*sqrt(T))", "(2*s*L*Delta + sigma^2/s)/sqrt(T)"),
            both("1/(s*L*T^0.5)", "2*s*L*Delta/sqrt(T) + sigma^2/sqrt(T)/3"),
            both("1/(3*L*sqrt(T))", "(6*L*Delta + sigma^2/3)/T^0.5"),
        ),
        wrong=(
            (both(_STEPS, "2*s*L*Delta/T"), "Refuted"), (both(_STEPS, "sigma*sqrt(L*Delta/T)"), "Refuted"),
            (both("1/(s*L)", "7/sqrt(T) + 1"), "only for the values"), (both("1/L", "1/T"), "Refuted"),
            (both("1/(s*L*sqrt(T))", "(3*s*L*Delta + sigma^2)/sqrt(T)"), "more than 0.07"),
            (both("1/(s*L*sqrt(T))", "7/sqrt(T)"), "only for the values"),
        ),
        unread=(both("", "1/T"), both(_STEPS, ""), both("@/etc/hostname", "1/T"), both("eta", "1/T")),
    ),
}  # fmt: skip
