"""Which of these tests there is a PyTorch for."""

from tests.torch.older import PYTHON_1_13

# A skip would be a failure where everything has to run; without PyTorch 1.13 there is nothing to run.
collect_ignore = [] if PYTHON_1_13 else ["test_older_torch.py"]
