"""The commands: each is a function of the door, and how the command line tells what it gives.

`show` prints the result of a module's verb as text; `to_dict` of the result is what `--json` prints.
"""
