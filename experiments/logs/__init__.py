"""Training logs of users: files of any logger are read, and a recorder writes one that says what it holds."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
