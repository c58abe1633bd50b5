"""The non-IID study and SkewScout: what skewed labels cost methods that communicate less, and a controller."""
