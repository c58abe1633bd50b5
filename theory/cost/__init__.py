"""What staleness costs: the steps that a bound needs to an accuracy, at the step size that is best for it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
