"""Claimed bounds: what a claim says, the exact algebra that compares it, and its proof by a bound of the library."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
