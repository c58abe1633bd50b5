"""Rates: the leading term of a bound as T grows, with every constant in it, and its check by plain sums."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
