"""All SQL lives in this room and in schema.sql."""
