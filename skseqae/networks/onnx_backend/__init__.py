"""Networks as ONNX graphs, for inference and for export."""
