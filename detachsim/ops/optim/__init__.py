"""Optimizers: what they share, and one module for each family of algorithms."""
