"""What every room needs: whole files, seals, progress, versions, memory, and arrays as values."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
