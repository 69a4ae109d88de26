"""Models on ONNX Runtime: tissue, tiles, heatmaps and slide scores."""
