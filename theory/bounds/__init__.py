"""The library of bounds: a file each published result, their registry, and what is known as a rate only."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
