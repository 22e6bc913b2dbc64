"""The commands: one module each, whose ``command`` is what ``detachsim MODULE`` runs."""
