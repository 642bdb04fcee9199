"""Our own XML and JSON schemas of the public vocabularies, their registry, and every parser gridpost has."""
