"""How every figure looks: sizes, colours, labels, exact files."""
