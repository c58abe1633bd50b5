"""What the scanned engine needs of JAX: the library where it is installed, and a workload's loss as it trains it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
