"""Closed forms at steps that are a power of k: as bounds of their own, and replayed where the kernel can."""
