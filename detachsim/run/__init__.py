"""Steps in, events out."""
