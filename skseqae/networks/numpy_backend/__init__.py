"""Networks as NumPy functions, which infer."""
