"""The related systems: other ways of computing with incomplete information."""
