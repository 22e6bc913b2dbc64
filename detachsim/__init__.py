"""detachsim: PyTorch autograd, simulated step by step and explained."""

__version__ = "0.1.0"
