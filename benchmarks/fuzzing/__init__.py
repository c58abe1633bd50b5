"""Made and mutated input, held against the readers of the library; `benchmarks/fuzz.py` is the command."""
