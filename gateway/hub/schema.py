"""Every table of the hub: a module that declares tables is imported here, and nowhere else need it be."""

from __future__ import annotations

from gateway.hub import tables

metadata = tables.metadata
"""All tables of the hub; the migrations are compared with it."""
