"""Lesson 7: solutions."""

SOLUTIONS = {
    "1": {
        "answers": {"step": "0.255"},
        "text": r"""
            The curve is flat at its least, near $h = 0.2554$, so that one per cent leaves room: from about 0.24 to
            0.27. The step $\frac1{s} = \frac14$ is among them. It is a little more than half of the stability limit
            0.445.
        """,
    },
    "2": {
        "answers": {"step": "0.9"},
        "text": r"""
            Quadratics say $\frac1{e h}$, which is below 0.45 for $h > 0.8175$. There $C$ is 4 already and rises fast:
            it passes 5 before $h = 0.88$. At 0.9 it is 6.18, fifteen times what quadratics say.
        """,
    },
    "3": {
        "answers": {"beta": "-0.5", "step": "0.8"},
        "text": r"""
            A *negative* momentum: each move is partly taken back, as it was made along a gradient that did not know of
            the move before. With $\beta = -\frac12$ and $h = 0.8$ the constant is 2.37, and waiting needs 2.598. With a
            positive momentum it is above that of the plain step.
        """,
    },
}
