"""Diagnoses as one JSON object; ``docs/explain.md`` describes it."""

import json
from collections.abc import Iterable
from typing import Any

from detachsim.explain.diagnosis import Because, Diagnosis, Fix

VERSION = 1


def report_text(diagnoses: Iterable[Diagnosis]) -> str:
    """Return the JSON text of ``diagnoses``, ending in a line break."""
    report = {"version": VERSION, "diagnoses": [_diagnosis(found) for found in diagnoses]}
    return json.dumps(report, indent=2, ensure_ascii=True) + "\n"


def _diagnosis(found: Diagnosis) -> dict[str, Any]:
    told: dict[str, Any] = {
        "code": found.code,
        "step": found.step,
        "headline": found.headline,
        "because": [_because(one) for one in found.because],
        "fixes": [_fix(fix) for fix in found.fixes],
    }
    if found.choices:
        told["choices"] = dict(found.choices)
    return told


def _because(one: Because) -> dict[str, Any]:
    return {
        "step": one.step,
        "role": one.role,
        "names": list(one.names),
        "version_before": one.version_before,
        "version_after": one.version_after,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {"title": fix.title, "step": fix.step, "replacement": fix.replacement, "outcome": fix.outcome}
