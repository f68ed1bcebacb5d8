"""Encoding, decoding and label search with trained weights, in batches and threads."""
