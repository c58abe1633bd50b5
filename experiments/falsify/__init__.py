"""Attempts to break the bounds of the library, inside their domains and at every edge."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
