"""Events in, diagnoses out."""
