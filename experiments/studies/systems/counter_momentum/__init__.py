"""Counter-momentum on real problems: every problem, every kind of delay, with and without noise."""
