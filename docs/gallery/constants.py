"""What a delay costs, exactly.

The constant C of min |grad F|^2 ~ C L Delta/T without noise, of the best constant step, of waiting and of a method that
takes back the moves in flight, against the delay.
"""

from pathlib import Path

import gradlag as gl

gl.limit(staleness=4, out="limit")
picture = next(Path("limit").glob("*.svg"))
