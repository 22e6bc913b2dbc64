"""Real PyTorch: export to it, verify against it."""
