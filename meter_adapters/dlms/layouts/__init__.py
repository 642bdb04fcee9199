"""Layout tables: what push telegrams mean that do not describe themselves; one data file for each list."""
