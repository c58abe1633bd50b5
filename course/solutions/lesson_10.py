"""Lesson 10: solutions."""

SOLUTIONS = {
    "1": {
        "answers": {"fleet": "3*constant:seconds=1+1*constant:seconds=8"},
        "text": r"""
            While the slow worker computes for 8 seconds, the three others make 24 updates: its gradient is 24 steps
            old. The three make 3 updates a second, so that 200 take 64 seconds. Any three quick workers with one that
            is more than seven times slower will do; the mean delay stays below 3, as it must with four workers.
        """,
    },
    "2": {
        "answers": {"schedule": "0.5/(d + 1)"},
        "text": r"""
            A gradient that is $d$ steps old may be taken with a step of about one over $d$ (lesson 1). So
            $\frac{0.5}{d+1}$ takes fresh gradients with long steps and old ones with short ones. Or throw the very
            late ones away: `0.08 if d <= 8 else 0`; here two gradients of 200, and the error is $7 \cdot 10^{-10}$.
        """,
    },
    "3": {
        "answers": {"gradient": "8 4 2 1"},
        "text": r"""
            What is held back of an entry grows by its own size in each round, and the entry is sent when that has
            become the largest. The smallest of $8, 4, 2, 1$ waits until round 9. A little smaller, and it waits longer
            than 12 rounds: compression is a delay that depends on the gradient.
        """,
    },
}
