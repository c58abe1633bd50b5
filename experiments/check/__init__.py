"""A run or a training log meets a bound: evidence, assumptions, verdict, and how often the verdict errs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
