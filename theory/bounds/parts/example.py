"""The Python that evaluates a bound through the public names, to be filled in."""

PYTHON = """\
# {title}
import numpy as np

from theory.bounds import Setting, get
from theory.schedules import parse_schedule
from theory.staleness import Staleness

steps, staleness = 1000, Staleness({window})
constants = {constants}
delays = np.minimum(np.arange(steps), staleness.maximum_delay)
schedule = parse_schedule("{schedule}")
step_sizes = schedule.step_sizes(steps, delays=delays, s=staleness.window, **constants)
print(get("{name}").evaluate(Setting(step_sizes, delays, staleness, constants{given})))
"""
