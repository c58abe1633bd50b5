"""How the command reads flags, speaks and fails."""
