"""The study of FLeet: its cells, the effects by which its claims are judged, and how it is told."""
