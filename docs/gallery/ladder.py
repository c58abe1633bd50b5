"""The ladder of a schedule.

What was measured, below the exact worst case, below every bound that applies: each rung is computed independently, so
that a crossing would be a mistake somewhere.
"""

import gradlag as gl

verdict = gl.check("0.3/(L*sqrt(s*k))", "logistic-cancer", staleness=4, steps=300, seeds=8)
picture = gl.ladder_picture(verdict)
