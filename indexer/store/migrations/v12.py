"""Rename files' status, renditions, embeddings, captions, provenance and enrichers to the field's terms."""

from .migration import Migration

MIGRATION = Migration(
    before=(
        "ALTER TABLE asset RENAME COLUMN origins TO provenance",
        "ALTER TABLE file RENAME COLUMN verdict TO status",
        "ALTER TABLE file RENAME COLUMN reading TO reader_version",
        "ALTER TABLE variant RENAME TO rendition",
        "DROP INDEX variant_used",
        "ALTER TABLE appearance RENAME TO perceptual_hash",
        "ALTER TABLE meaning RENAME TO image_embedding",
        "ALTER TABLE generated_description RENAME TO caption",
        "ALTER TABLE enrichment RENAME COLUMN basis TO input_key",
        *(
            f"UPDATE enrichment SET enricher = '{new}' WHERE enricher = '{old}'"
            for old, new in (
                ("variants", "renditions"),
                ("appearance", "perceptual_hashes"),
                ("meaning", "image_embeddings"),
                ("describe", "captions"),
            )
        ),
        # Videos were called films, in values too: without this they would be read again.
        "UPDATE file SET reader_version = 'video' || substr(reader_version, 5) WHERE reader_version GLOB 'film *'",
        "UPDATE file SET reason = replace(reason, 'photo or film', 'photo or video') WHERE status = 'not_media'",
        """UPDATE asset SET provenance = replace(provenance, '["film ', '["video ')
           WHERE provenance LIKE '%["film %'""",
    ),
)
