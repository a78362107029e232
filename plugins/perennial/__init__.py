"""Perennial: the marketing system that a data engineer can trust with the send button."""

__version__ = "0.1.0"
