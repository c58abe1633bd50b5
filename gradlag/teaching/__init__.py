"""What lessons are made of: text with formulas, pictures with sliders, predictions, and exercises that are graded.

`gl.teaching` hands on what a notebook of the course needs; marimo is imported only where a widget is made.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
