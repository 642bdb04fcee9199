"""The feed of changes: noted for each recipient in the transaction that stores them, fetched by windows."""
