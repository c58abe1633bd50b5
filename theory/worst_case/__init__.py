"""The exact worst case of step sizes and delays: the question, how it is asked, and who solves it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
