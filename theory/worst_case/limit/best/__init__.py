"""Whether counter-momentum is the best linear method under a fixed delay: near it, in a cone, with short lags."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
