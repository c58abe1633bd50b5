"""TopK-SGD as a study: vectors, training with the memory of what was not sent, and the bound beside runs."""
