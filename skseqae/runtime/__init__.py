"""Memory limits, TensorFlow's threads and forks, optional packages and atomic writes."""
