"""What a bound is made of: the Bound itself, its assumptions and conditions, the setting it is evaluated in."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
