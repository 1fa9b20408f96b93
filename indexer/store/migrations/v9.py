"""Add favorites, and flag dates that are only the file's time."""

from .migration import Migration

MIGRATION = Migration(
    before=("ALTER TABLE user_value ADD COLUMN is_favorite INTEGER CHECK (is_favorite IN (0, 1))",),
    generated=(
        (
            "asset",
            "is_undated",
            "INTEGER NOT NULL GENERATED ALWAYS AS"
            " (coalesce(provenance ->> '$.local_datetime[0][0]', '') = 'the file''s time') VIRTUAL",
        ),
    ),
)
