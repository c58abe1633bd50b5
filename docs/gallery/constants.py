"""What a delay costs, exactly.

The constant C of min |grad F|^2 ~ C L Delta/T without noise, over D + 1 and against the delay D: of the best constant
step, of waiting, of momentum, and of counter-momentum, which takes back the moves in flight. A level line is a cost
that grows with the delay as waiting's does.
"""

from pathlib import Path

import gradlag as gl

gl.limit(staleness=4, out="limit")
picture = next(Path("limit").glob("*.svg"))
