"""The claims of the staleness study: what is claimed, the effect that decides, and the verdict."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
