"""Metering data as the Estonian datahub's two generations write them in JSON (Elering 12)."""
