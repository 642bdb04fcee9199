"""Measurements in the hub: what collectors read from meters, taken, kept and given back."""
