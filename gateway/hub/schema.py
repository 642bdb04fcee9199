"""Every table of the hub: a module that declares tables is imported here, and nowhere else need it be."""

from __future__ import annotations

from gateway.hub import (
    tables,
    tables_access,
    tables_agreements,
    tables_exchange,
    tables_feed,
    tables_masterdata,
    tables_measurements,
    tables_metering_data,
    tables_point_series,
    tables_points,
    tables_queries,
    tables_readings,
    tables_reads,
    tables_reminders,
    tables_settlement,
    tables_settlement_masterdata,
)

DECLARED_IN = (
    tables,
    tables_access,
    tables_agreements,
    tables_exchange,
    tables_feed,
    tables_masterdata,
    tables_measurements,
    tables_metering_data,
    tables_point_series,
    tables_points,
    tables_queries,
    tables_readings,
    tables_reads,
    tables_reminders,
    tables_settlement,
    tables_settlement_masterdata,
)
"""The modules that declare tables; importing them is what puts the tables there."""

metadata = tables.metadata
"""All tables of the hub; the migrations are compared with it."""
