"""How a lesson is shown: text with formulas, small pictures, the style, and on what it is read."""
