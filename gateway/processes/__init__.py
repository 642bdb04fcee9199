"""One transition table per business process; no input, no output."""
