"""The solved studies: growth with steps and staleness, delay patterns, limits, designs and worst functions."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
