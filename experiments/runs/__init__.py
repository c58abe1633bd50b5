"""A run from request to file: its configuration, the plan, the blocks of seeds, and what is stored."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
