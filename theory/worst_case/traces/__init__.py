"""Delay traces: those with a name, the search for the worst one, and bounds that hold for all of them at once."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
