"""The network: pretrained bases, their weights, and the heads on top."""
