"""Crop → Scores: what the networks say about ink, never text."""
