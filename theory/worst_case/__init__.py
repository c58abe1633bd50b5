"""The exact worst case of a schedule under a delay trace, by semidefinite programming, with its certificate."""
