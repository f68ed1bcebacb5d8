"""Speed of skseqae compared with implementations in Keras and PyTorch; see `python -m benchmarks --help`."""
