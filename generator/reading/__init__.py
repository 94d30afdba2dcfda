"""text → Document: reading files strictly, with the place of everything that was read."""
