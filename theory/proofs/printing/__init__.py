"""Proofs printed: steps as a page, sentences of rules and axioms, and the account of what must be trusted."""
