"""The table of ops, by family."""
