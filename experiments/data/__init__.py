"""Real data: the sets that travel with gradlag, those had on request, the user's own, readers that trust no file."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
