"""The demonstration of the Finnish market."""
