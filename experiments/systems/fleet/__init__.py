"""FLeet: online federated SGD with weights that fall with staleness, and mini-batches sized to the device."""
