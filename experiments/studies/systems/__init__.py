"""The studies of the related systems: a file each, of one shape, in one store."""
