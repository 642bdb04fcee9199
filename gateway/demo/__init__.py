"""The demonstration: a sample market, and an hour with it."""
