"""Collectors that read real meters and submit as one more sender."""
