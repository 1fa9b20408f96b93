"""Enrichers: what can be derived from a photo on this machine."""
