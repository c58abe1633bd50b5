"""The semidefinite programs of a worst case: their inequalities, ways to solve them, and what counts as solved."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
