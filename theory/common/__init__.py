"""What every room needs: errors that speak to users, spellings with options, a user's file, and shared types."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
