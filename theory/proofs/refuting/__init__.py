"""Claims attacked before they are proved, by small exact runs; and wrong proofs made from right ones."""
