"""The engines of the workers' simulator: the oracle, compiled ones, and those of single workloads."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
