"""Rename tables and columns to describe their contents."""

from .migration import Migration

MIGRATION = Migration(
    before=(
        "ALTER TABLE left_out RENAME TO excluded_content",
        "ALTER TABLE companion RENAME TO stack_member",
        "ALTER TABLE motion RENAME TO motion_photo",
        "ALTER TABLE coverage RENAME TO watch_state",
        "ALTER TABLE activity RENAME TO job",
        "ALTER TABLE asset RENAME COLUMN trash_wish TO trash_override",
        "ALTER TABLE asset RENAME COLUMN words_changed_at TO metadata_changed_at",
        # Rows kept for undo name their columns.
        """UPDATE user_change_row SET before = replace(before, '"trash_wish"', '"trash_override"'),
           after = replace(after, '"trash_wish"', '"trash_override"') WHERE table_name = 'asset'""",
        "UPDATE setting SET name = 'search_cursor' WHERE name = 'words_cursor'",
    ),
)
