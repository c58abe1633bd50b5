"""The theorem's iteration, simulated: delayed stochastic gradient steps on one sequence of points."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
