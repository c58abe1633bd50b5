"""The real thing: asynchronous servers whose delays are recorded, summarised, and replayed on the one sequence."""
