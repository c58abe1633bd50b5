"""Step rules that adapt to delays: each with its theorem, and their race."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
