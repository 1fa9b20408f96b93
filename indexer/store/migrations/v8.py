"""Keys are made for actions."""

from .migration import Migration

MIGRATION = Migration(rebuilt=("api_key",))
