"""Customers and third parties: whose a metering point is, what was granted to whom, and who read what (D1 §3.5)."""
