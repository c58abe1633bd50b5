"""Lesson 2: solutions."""

SOLUTIONS = {
    "1": {
        "answers": {"steps": "1060"},
        "text": r"""
            $\frac{\Delta}{T \eta (1 - \frac{L b}{4}) + \frac1{2L}} \le 0.05$ with $\eta = \frac1{16}$ and
            $L b = \frac{25}{64}$ asks for $0.0564\,T + 0.25 \ge 60$, so $T \ge 1059.5$. (The last steps earn a little
            more, since nobody reads them; it changes nothing here.) Without the small print, $\frac{\Delta}{\eta T}$
            gives 960.
        """,
    },
    "2": {
        "answers": {"slope": "0.56"},
        "text": r"""
            $g^2 \ge 0.3$ asks for $g \ge 0.5477$. To stay on the slope for ten steps of $\frac14 g$ and end where the
            bowl begins, the height must be at least $\frac{10}{4} g^2 + \frac12 g^2 = 3 g^2$, so $g \le 0.5773$.
        """,
    },
    "3": {
        "answers": {"schedule": "1/(2*s*L)"},
        "text": r"""
            Constant steps from about 0.09 to 0.16 do, for example $\frac1{2sL} = 0.125$. Small steps leave the first
            term, $\frac{\Delta}{\sum \eta}$, large; large ones let in noise, $\frac{L \sigma^2}2 \sum \eta^2$.
        """,
    },
}
