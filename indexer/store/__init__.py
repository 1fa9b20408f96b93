"""The database layer. All SQL is in this package and schema.sql."""
