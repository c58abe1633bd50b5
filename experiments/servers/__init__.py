"""Asynchronous servers, real and on a virtual clock: what they do, what is recorded, and what it shows."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
