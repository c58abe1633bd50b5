"""Time to an accuracy, by asynchrony and by waiting.

Eight workers, one of them slow; each method at the best constant step of the best proved bound.
"""

from pathlib import Path

import gradlag as gl

gl.cost(workers="7*exponential:mean=1+1*constant:seconds=20", accuracy=0.01, out="cost")
picture = next(Path("cost").glob("*.svg"))
