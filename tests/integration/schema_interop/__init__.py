"""Our schemas against the official ones."""
