"""Schemas of requests and responses, for validation and for the API's description: one module per domain."""
