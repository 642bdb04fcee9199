"""Meter readings over a real hub (Regulation D1 §5)."""
