"""The proof of each bound, a file each, and the lemmas that several of them share."""
