"""The lessons, a notebook each: they import gradlag and marimo alone."""
