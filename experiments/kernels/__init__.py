"""Compiled pieces of every simulator: random numbers from counters, exact elementary functions, dense layers."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
