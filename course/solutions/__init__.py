"""A right answer to every exercise, and how it is found; apart from the lessons."""
