"""The page without installation: one HTML file whose numbers are the library's, computed where it is opened."""
