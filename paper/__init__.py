"""The companion paper: its text, its material, and how it is typeset."""
