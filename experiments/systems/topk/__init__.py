"""TopK-SGD: what the largest entries of a vector hold, on made vectors and along training."""
