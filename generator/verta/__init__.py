"""The organization in Verta: read it, compare it with what is declared, and bring the two together."""
