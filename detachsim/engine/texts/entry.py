"""The form of a text: PyTorch's exception type, its template, and what older dialects say instead."""

# (type, text of torch-2.13, {older dialect: its text}); an older dialect without a text of its own takes
# that of the next newer one, and one that has another exception type gives both as a pair. Templates are for
# ``str.format``; a brace that PyTorch prints is doubled.
Entry = tuple[str, str, dict[str, str | tuple[str, str]]]
