"""Lesson 4: solutions."""

SOLUTIONS = {
    "1": {
        "answers": {"order": "B D G E A F C"},
        "text": r"""
            Two chains, B D G (one step, coherence, the sum) and E A (steps that do not increase, the factor $s$), may
            be mixed in any way that keeps each in order: ten orders. Then F, which needs both, and C.
        """,
    },
    "2": {
        "answers": {"curvature": "1", "step": "1/2"},
        "text": r"""
            F falls by $\eta a^2 - \frac12 \eta^2 a^3$, and the claim promises $\eta a^2 - \frac25 \eta^2 a^2$. The
            first is smaller exactly where $a > \frac45$, at any $\eta > 0$; and $a \le 1$, or F is not smooth with $L
            = 1$.
        """,
    },
    "3": {
        "answers": {"steps": "0.1 0.1 0.1 0.1 0.2"},
        "text": r"""
            A last step that is larger than the others breaks "steps do not increase", and hurts nobody: point 4 is read
            by no later step. Or a first step such as 0.4 before small ones: its weight with the factor $s$ is
            $0.2 - 1.5 \cdot 0.16 < 0$, but its readers are 0.4, 0.2 and 0.1, so that the tight weight is
            $0.2 - 0.5 \cdot 0.21 > 0$.
        """,
    },
}
