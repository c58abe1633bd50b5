"""The theorems once more, in Coq; `python -m formal.export` writes what they have to say into Statements.v."""
