"""IEC 62056-21: reading meters over optical heads, RS-485 and current loops, modes A to E, and P1 telegrams."""
