"""The series store: accepted values as append-only segments, and every way of reading them."""
