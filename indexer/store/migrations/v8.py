"""Add per-action permissions to API keys."""

from .migration import Migration

MIGRATION = Migration(rebuilt=("api_key",))
