"""Steps that beat the constant one.

The best step sizes for Theorem A at staleness 4 and 40 steps: most are left out, and those that remain are longer.
"""

import gradlag as gl

design = gl.design(staleness=4, steps=40, out="design")
picture = design.files["picture"]
