from .named import constant_delays as constant_delays
from .named import sawtooth as sawtooth
from .patterns import PatternResult as PatternResult
from .patterns import worst_delays as worst_delays
from .uniform import ripple_value as ripple_value
from .uniform import uniform_bound as uniform_bound
