"""The scenario language: YAML and expressions in, a checked syntax tree out."""
