"""Networks as Keras layers, for training."""
