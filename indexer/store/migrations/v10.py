"""The trigger asset_trashed, which an update to version 9 left out: all triggers are made anew."""

from .migration import Migration

MIGRATION = Migration()
