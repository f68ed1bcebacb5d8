"""Networks as ONNX graphs, for export."""
