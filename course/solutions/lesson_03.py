"""Lesson 3: solutions."""

SOLUTIONS = {
    "1": {
        "answers": {"value": "5/8"},
        "text": r"""
            $x_1 = \frac12 - \frac12 e_0$. Step 1 reads $x_0$: $x_2 = -\frac12 e_0 - \frac12 e_1$. Step 2 reads $x_1$:
            $x_3 = -\frac14 - \frac14 e_0 - \frac12 e_1 - \frac12 e_2$. Products of different coins have mean zero, so
            $E\,x_3^2 = \frac1{16} + \frac1{16} + \frac14 + \frac14 = \frac58$.
        """,
    },
    "2": {
        "answers": {"delays": "0 1 2 3 0 3"},
        "text": r"""
            Step 5 reads $x_2$, so its window is the steps 2, 3, 4. Step 4 with delay 0 reads $x_4$, which has the
            noises $e_2$ and $e_3$ of the window in it. Any list will do in which step 5 has delay 2 or more and a step
            of its window reads a point younger than step 5 does.
        """,
    },
    "3": {
        "answers": {"pp": "1", "pm": "1/2", "mp": "1/2", "mm": "0"},
        "text": r"""
            Where the signs agree it does not matter whose gradient is applied. Where they differ, A has + in one case
            and − in the other: both chances must be the same. So any four numbers with the middle two equal, and not
            all alike.
        """,
    },
}
