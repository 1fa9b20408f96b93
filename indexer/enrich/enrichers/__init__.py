"""The enrichers, a module each: see `enricher`."""
