"""Reminders of what is missing after its limit (Regulation D1 §4.1.5, §5.1.2, §5.2)."""
