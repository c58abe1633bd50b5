"""What every room needs: errors that speak to users, and the reading of a user's file."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
