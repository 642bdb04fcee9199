"""How the tables came to be: one Alembic revision per release that changed them."""
