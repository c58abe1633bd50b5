"""Theorem 1's steps on networks: how far they get and whether coherence holds."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
