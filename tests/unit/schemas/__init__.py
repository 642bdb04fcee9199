"""Parsers, registry and schema checks."""
