"""Find the video of a live photo, which is a separate file. That of a motion photo is inside the still's file."""

from __future__ import annotations

import sqlite3

# Still and video contain the same id, or were paired because they are in one folder (see stacks).
_PAIRED = """
SELECT video.id FROM asset AS still
LEFT JOIN stack_member AS mine ON mine.asset_number = still.number
JOIN asset AS video ON video.mime_type GLOB 'video/*' AND video.trashed_at IS NULL AND video.number IN (
    SELECT number FROM asset WHERE live_photo_cid = coalesce(still.live_photo_cid, mine.live_photo_cid)
    UNION ALL
    SELECT stack_member.asset_number FROM file
    JOIN file AS beside ON beside.root_id = file.root_id AND beside.folder = file.folder
    JOIN stack_member ON stack_member.asset_number = beside.asset_number
        AND stack_member.live_photo_cid = mine.live_photo_cid
    WHERE file.asset_number = still.number)
WHERE still.id = ? AND still.mime_type NOT GLOB 'video/*'
ORDER BY video.file_id IS NULL, video.id LIMIT 1"""


def paired_video(connection: sqlite3.Connection, asset_id: str) -> str | None:
    """The live asset that is the video of this still, if any."""
    row = connection.execute(_PAIRED, (asset_id,)).fetchone()
    return row[0] if row else None
