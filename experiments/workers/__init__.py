"""The study's simulator: workers with a cache each. What is simulated, what is trained, and the entry point."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
