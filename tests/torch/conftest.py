"""Which of these tests there is a PyTorch for."""

import os

# A skip would be a failure where everything has to run; without PyTorch 1.13 there is nothing to run.
collect_ignore = [] if "DETACHSIM_TORCH_1_13" in os.environ else ["test_older_torch.py"]
