"""Lesson 5: solutions."""

SOLUTIONS = {
    "1": {
        "answers": {"value": "-4"},
        "text": r"""
            The points are $1, \frac34, \frac12, \frac14, \frac1{16}, -\frac1{16}$; the last two steps subtract
            $\frac14 x_1$ and $\frac14 x_2$. The window of $k = 5$ holds $\frac14$, $\frac1{16}$ and $-\frac1{16}$.
            Divided by $x_5$ they are $-4$, $-1$ and $1$, and the smallest is $-4$.
        """,
    },
    "2": {
        "answers": {"step": "0.2"},
        "text": r"""
            The weights $\mu a - \frac s2 a^2$ are not negative, and their sum is positive, for
            $a < \frac{2\mu}{s} = \frac14$. The run overshoots for $a > \frac{27}{256} = 0.1055$; a little above that
            it does so later than at $k = 60$, and at $a = 0.108$ it is in time.
        """,
    },
    "3": {
        "answers": {"x": "1", "y": "30"},
        "text": r"""
            The gradient is $(x, 0.1\,y)$. Along y it shrinks by hardly more than 3 % a step, along x it swings and
            shrinks faster. So all that is needed is a large enough start along y: $|y_0| \ge 8\,|x_0|$ is enough. The
            overshoot is as it was; what the assumption looks at no longer shows it. Coherence belongs to a run, not to
            a function.
        """,
    },
}
