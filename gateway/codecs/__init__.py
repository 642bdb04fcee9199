"""One codec per (document kind, dialect): decode wire bytes into documents and encode them again."""
