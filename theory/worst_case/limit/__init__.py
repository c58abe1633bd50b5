"""What a constant step with a fixed delay costs in the limit: the exact constant and its proof."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
