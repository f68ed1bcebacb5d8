"""Sequences, tokens, labels and targets: validation, packing, padding and scaling."""
