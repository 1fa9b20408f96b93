"""Messages that several services record with a change."""

# Advice for a change that cannot be undone.
FROM_A_BACKUP = "A backup of the index may have what is gone: see 'indexer restore'."


def photos(count: int) -> str:
    """'1 photo', '1,200 photos'."""
    return f"{count:,} {'photo' if count == 1 else 'photos'}"
