"""Upper ends: multipliers as exact numbers, made from a solver's and checked in integers alone."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
