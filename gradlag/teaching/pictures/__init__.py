"""The pictures and predictions of the lessons, a file each: what is computed for them, and how it is drawn."""
