"""The typed vocabulary of the market: documents, series as columns, identifiers, times, quantities, findings."""
