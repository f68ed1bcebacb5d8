"""Bundled data, read by `skseqae.datasets`."""
