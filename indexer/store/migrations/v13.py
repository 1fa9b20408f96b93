"""Rename points of interest, reasons, and how a person was assigned to a face, to the field's terms."""

from .migration import Migration

MIGRATION = Migration(
    before=(
        "ALTER TABLE root RENAME COLUMN offline_why TO offline_reason",
        "ALTER TABLE watch_state RENAME COLUMN why TO reason",
        "ALTER TABLE landmark RENAME TO point_of_interest",
        "DROP INDEX landmark_cell",
        "UPDATE setting SET name = 'points_of_interest_imports' WHERE name = 'landmark_files'",
        """UPDATE event SET payload = json_set(json_remove(payload, '$.left'), '$.previous_path', payload ->> 'left')
           WHERE payload ->> 'left' IS NOT NULL""",
        # Undoing restores rows as they were.
        *(
            f"""UPDATE user_change_row SET {column} = json_set({column}, '$.assigned_by', 'similarity')
                WHERE table_name = 'face' AND {column} ->> 'assigned_by' = 'likeness'"""
            for column in ("before", "after")
        ),
        # The old table allows only the old value, the new one only the new. If it fails, the connection is closed.
        "PRAGMA ignore_check_constraints = ON",
        "UPDATE face SET assigned_by = 'similarity' WHERE assigned_by = 'likeness'",
        "PRAGMA ignore_check_constraints = OFF",
    ),
    rebuilt=("face",),
)
