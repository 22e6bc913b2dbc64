"""On which processors the last digits are PyTorch's: its kernels, and the libraries under it, round by processor."""

from pathlib import Path

from detachsim.oracle.verify import Verification, differences_text
from tests.fuzz.judging import is_rounding


def is_measured() -> bool:
    """Whether PyTorch's digits were measured on such a processor: one by AMD, whose vectors have 512 bits."""
    import torch

    described = Path("/proc/cpuinfo")
    maker = described.read_text(encoding="utf-8") if described.exists() else ""
    return "AuthenticAMD" in maker and torch.backends.cpu.get_cpu_capability() == "AVX512"


def report_of(name: str, verification: Verification) -> str:
    """Return the first difference, nothing where both agree; on other processors digits may differ."""
    if verification.outcome == "no answer":
        return f"{name}: {verification.theirs.failure}"
    if not is_measured() and is_rounding(verification.differences):
        return ""
    return differences_text(name, verification.differences, "torch")
