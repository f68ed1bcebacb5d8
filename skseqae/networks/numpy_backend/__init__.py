"""Networks as NumPy functions, for inference."""
