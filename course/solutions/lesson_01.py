"""Lesson 1: solutions."""

SOLUTIONS = {
    "1": {
        "answers": {"delay": "1", "step": "1/2"},
        "text": r"""
            At delay 1 the equation is $z^2 - z + a = 0$ with roots $\frac{1 \pm \sqrt{1 - 4a}}{2}$. They are complex
            for $a > \frac14$, and their modulus is $\sqrt a$, below 1 for $a < 1$. Any $a$ between will do. At delay
            $D$ the slowest roots meet at $a = \frac{D^D}{(D+1)^{D+1}}$, where $z^D (1 - z)$ is largest on $0 < z < 1$.
        """,
    },
    "2": {
        "answers": {"step": "0.999*sin(pi/10)/2"},
        "text": r"""
            $a = 4 \eta$ and $D = 2$, so that $\eta < \frac{2}{4} \sin\frac{\pi}{10} = 0.1545...$; one per cent below
            that is $0.15296$. (The number $2 \sin\frac{\pi}{10}$ is $\frac{\sqrt5 - 1}{2}$, the golden ratio's.)
        """,
    },
    "3": {
        "answers": {"delays": "0 1 2 3 3 3"},
        "text": r"""
            Read the point at the turn with delays 0, 1, 2, 3: four steps with the same large gradient. Then read on
            with delay 3 for two more steps, until what is read is no longer positive, and start afresh. A period
            multiplies the error by $-1.06$. There are others, such as 1 1 2 3 3 3 or 0 2 2 3 3 3.
        """,
    },
}
