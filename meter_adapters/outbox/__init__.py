"""The collector's memory: every reading kept before it is forwarded, every batch until it is acknowledged (AM-2.1)."""
