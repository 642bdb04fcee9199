"""Settlement outside the hub: a day of operation as Parquet files, and other engines over them.

Nothing here is needed to run a hub; the packages come with the extras `analysis`, `spark` and `duckdb`.
"""
