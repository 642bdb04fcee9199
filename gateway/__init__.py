"""gridpost's gateway and hub: metering messages in, checked, stored, answered and distributed."""
