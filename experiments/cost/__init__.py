"""What staleness costs in seconds: the pace of methods on workers of given speeds, and runs beside the proofs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
