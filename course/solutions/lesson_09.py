"""Lesson 9: solutions."""

SOLUTIONS = {
    "1": {
        "answers": {"steps": "0.7 0.7 0 0 0.7 0.7"},
        "text": r"""
            Two long steps at the beginning, two at the end, and none or a short one in between: $0.424$. The first two
            gradients are not stale at all or by one step; after a pause the next one is fresh again. The library's
            design, $0.612, 0.76, 0.14, 0, 0.613, 0.838$, has $0.4207$. The best constant step has $0.4728$.
        """,
    },
    "2": {
        "answers": {"steps": "0.75 0.6 0 0 0.6 0.75"},
        "text": r"""
            The same idea. Leaving out two steps next to each other means that step 5 reads a point from which nothing
            has moved since. Two steps left out elsewhere, as in $0.5, 0, 0.5, 0.5, 0, 0.5$, do not make a gradient
            fresh: with a delay of 2 a pause must last two steps.
        """,
    },
    "3": {
        "answers": {"schedule": "0.6/L if k % 3 > 0 else 0"},
        "text": r"""
            Two steps, then a pause of one: $0.4666$ at $T = 6$, $0.3463$ at $T = 9$. A rule that knows $T$ can do
            better, since the last step may be taken: `0 if k == 3 else 0 if k == T - 2 else 0.55/L` has $0.4494$ and
            $0.3331$.
        """,
    },
}
