"""What a run says of each assumption: ok, given, broken or unknown, and why; and its coherence in a few numbers."""
