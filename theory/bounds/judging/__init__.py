"""What the library says of any schedule: every bound judged, what each assumption costs, what is wrong elsewhere."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
