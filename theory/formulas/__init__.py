"""Formulas over step-indexed sequences: the tree that evaluates and prints itself, its glossary, and the parser."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
