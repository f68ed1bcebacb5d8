"""Networks as ONNX graphs, which are exported."""
