"""Simulated meters: they keep the truth row for row, and speak each protocol with faults on request."""
