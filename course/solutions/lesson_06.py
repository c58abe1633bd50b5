"""Lesson 6: solutions."""

SOLUTIONS = {
    "1": {
        "answers": {"value": "-5/4"},
        "text": r"""
            Let the slope rise from $-1$ at the rate 1 up to the middle and fall back: it dips to 0 at $x = 1$, and F
            falls by 1 instead of 2. Less deep dips give all values between $-1$ and $-2$. In general the inequality
            says $|F(y) - F(x) - \frac12 (F'(x) + F'(y))(y - x)| \le \frac L4 (y - x)^2$ where both slopes are equal;
            here the right side is 1.
        """,
    },
    "2": {
        "answers": {"gap": "1/6", "slopes": "2/3 1/2 2/3 1/2 2/3 1/2 2/3 1/2 2/3"},
        "text": r"""
            With the slope $g$ at the five points they are $\frac g2$ apart. Half way between two of them the slope may
            have dipped by $\frac g4$. The height used is $2g \cdot \frac78 g + \frac12 g^2 = \frac94 g^2$, which is 1
            for $g = \frac23$: the least squared slope is $\frac49$. (Without dips it is $\frac52 g^2 = 1$, that is
            0.4.) No function of one variable does better, as no dip may be deeper.
        """,
    },
    "3": {
        "answers": {"line": "measure 4", "factor": "0.9"},
        "text": r"""
            Start, pairs and floors are a flow: what goes into a point must come out of it. One of them alone cannot be
            changed. The measures stand outside of the flow: a *smaller* one leaves more of a square over, so that the
            matrix stays positive, and makes the sum of the measures smaller and the claim weaker. A larger one is
            refused, as this certificate has next to nothing to spare.
        """,
    },
}
