"""PyTorch 1.13, the second judge: ``DETACHSIM_TORCH_1_13`` names a Python that has it."""

import os
import sys

PYTHON_1_13 = os.environ.get("DETACHSIM_TORCH_1_13", "")
MISSING = "DETACHSIM_TORCH_1_13 names no Python that has PyTorch 1.13"
EACH_PYTHON = [python for python in (sys.executable, PYTHON_1_13) if python]
