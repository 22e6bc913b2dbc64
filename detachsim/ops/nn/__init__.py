"""Modules: layers, activations, losses and containers, as a scenario makes them with ``nn.``."""
