"""Fed-Influence: what the model of a federation would be without one of its clients."""
