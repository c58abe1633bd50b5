"""What is said of a server's run: how late gradients were, what delays depend on, and simulations beside it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
