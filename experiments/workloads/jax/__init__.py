"""Workloads in JAX for the scanned engine: their losses, as the numpy gradients have them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
