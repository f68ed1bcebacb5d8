"""What a network is: cells, architectures and weight shapes, and the backends that compute it."""
