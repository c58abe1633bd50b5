"""Many cells: what a cell is, where its result is kept, and who computes it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
