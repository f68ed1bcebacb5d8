"""Networks as Keras layers, which train."""
