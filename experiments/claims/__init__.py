"""A user's claimed bound: proved, refuted with a witness that is replayed, or left open."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
