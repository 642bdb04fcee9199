"""`python -m meter_adapters` is `gridpost-meters`."""

from meter_adapters.cli import main

main()
