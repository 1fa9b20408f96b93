"""Recreate all triggers: an update to version 9 left out asset_trashed."""

from .migration import Migration

MIGRATION = Migration()
