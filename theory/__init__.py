"""What can be proved about stale SGD: step sizes, delays, bounds. Runs no experiment, draws nothing."""
