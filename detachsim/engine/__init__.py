"""Autograd: storages, versions, tensors, nodes, saved tensors, views and backward; no op by name."""
