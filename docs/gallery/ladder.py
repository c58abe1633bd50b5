"""The ladder of a schedule.

What was measured, below the exact worst case, below every bound that applies: each rung is computed independently, so
that a crossing would be a mistake somewhere. Here the bound is the worst case to within 2 %, and a quadratic is 32
times better off.
"""

import gradlag as gl

problem = "quadratic:noise=0,condition=1000"
verdict = gl.check("0.5/(L*s)", problem, staleness=8, steps=200, seeds=1, bounds=["theorem-b"], worst_case=True)
picture = gl.ladder_picture(verdict)
