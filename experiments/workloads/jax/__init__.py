"""Workloads in JAX for the scanned engine: losses, networks, and training steps."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
