"""Several schedules on one problem.

The measured minimum of three schedules at the same staleness, each with the bound that decides it.
"""

import gradlag as gl

schedules = ["0.3/(L*sqrt(s*k))", "1/(2*s*L)", "0.1/L if k <= 100 else 0.02/L"]
compared = gl.compare(schedules, "logistic-cancer", staleness=8, steps=300, seeds=8)
picture = gl.comparison_picture(compared.verdicts)
