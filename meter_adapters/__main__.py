"""`python -m meter_adapters` is the command `gridpost-meters`."""

from meter_adapters.cli import main

if __name__ == "__main__":
    main()
