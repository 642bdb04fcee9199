"""Meter readings of profile-settled points in the hub: taken, kept, handed on, awaited, reported (D1 §5)."""
