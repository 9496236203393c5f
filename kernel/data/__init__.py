"""Photos on disk: finding, inspecting, decoding and batching them."""
