"""Meter profiles: what a type of meter does in its own way, as data files beside the code."""
