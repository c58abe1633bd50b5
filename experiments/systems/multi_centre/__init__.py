"""Several centres, each with its own copy of the model, and a wide-area network that carries what they exchange."""
