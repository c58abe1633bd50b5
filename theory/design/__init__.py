"""The best step sizes: what a design is for, one file for each target, and why the steps have their shape."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
