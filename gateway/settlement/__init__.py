"""The settlement kernel: which values add up to what, exactly, and what follows from the sums. No clock, no disk."""
