"""Staleness as a type, the models and traces of delays, and the exact limits of stability under them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
