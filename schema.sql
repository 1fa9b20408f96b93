-- The schema of the index.
--
-- The asset record is a row, and its JSON is a view. Tables hold facts; the view asset_json renders the record, and
-- everything that returns a record (Python, the command line, HTTP, your own SELECT) returns that text.
--
-- Times are RFC 3339 text. Those of the index and of the file system are UTC with milliseconds and a 'Z'; those of the
-- camera keep the wall clock it showed, with an offset only where one is known.
-- Needs SQLite 3.40. Changed only together with a numbered migration (indexer/store/migrations).
--
-- Chapters, most named as modules of indexer/store:
--
--   roots        folders that are indexed, and drives mounted inside them
--   assets       the record's own facts, and the counts by month
--   files        every path that was met
--   metadata     what a file says besides the columns of asset
--   stacks       files that belong together
--   trash        what the user deleted from the index
--   user_values  the user's edits
--   albums       what users put together
--   people       who is on which photo
--   faces        where a face is, and whose it is
--   enrichments  what was computed, and the results
--   search       the full-text index
--   clients      who uses the HTTP API, and what they uploaded
--   events       the log of changes
--   undo         what users did, to be undone
--   jobs         scans and watches at work
--   views        what to read

PRAGMA application_id = 0x50494458;  -- "PIDX"
PRAGMA user_version = 13;

-- Of the index as a whole. device_id; cache_uri: file:// URL of the cache folder; max_cache: its bound in bytes;
-- search_cursor: the last event that is in the full-text index; and positions of jobs that are interrupted.
CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- =====================================================================================================================
-- roots: folders that are indexed, and drives mounted inside them
-- =====================================================================================================================

-- A folder that is indexed. volume names the file system it lies on, the same after every mount where the system can tell
-- (see indexer/sync/volumes.py); with the folder's inode it says which folder this is, wherever it turns up. device is
-- the number that the file system had when it was last seen.
CREATE TABLE root (
    id           INTEGER PRIMARY KEY,
    path         TEXT NOT NULL UNIQUE,           -- absolute; bytes that are not UTF-8 are written \xNN
    uri          TEXT NOT NULL,                  -- file:// URL of the folder, percent-encoded, without a final slash
    volume       TEXT,
    filesystem   TEXT,                           -- its type: ext4, vfat, nfs4
    device       INTEGER,
    inode        INTEGER,
    added_at     TEXT NOT NULL,
    scanned_at   TEXT,                           -- end of the last complete scan
    offline_at   TEXT,                           -- since when it could not be reached; NULL: it is there
    offline_reason TEXT,
    library_id   TEXT REFERENCES library (id) ON DELETE SET NULL  -- NULL: the default one
) STRICT;

-- Another file system mounted inside a root. While it is disconnected, its files are offline, not missing.
CREATE TABLE mount (
    root_id    INTEGER NOT NULL REFERENCES root (id) ON DELETE CASCADE,
    folder     TEXT NOT NULL,                    -- within the root
    volume     TEXT,
    filesystem TEXT,
    device     INTEGER NOT NULL,
    offline_at TEXT,
    PRIMARY KEY (root_id, folder)
) STRICT, WITHOUT ROWID;

-- =====================================================================================================================
-- assets: the record's own facts, and the counts by month
-- =====================================================================================================================

-- An asset is content: a photo or video, wherever its files are. Its id comes from the SHA-256 first indexed and is the
-- same in every index: user data refers to it. Derived data refers to the integer number, a tenth of the size of the
-- id. Columns from make to rating come from the file, and are read again when the file changes.
CREATE TABLE asset (
    number             INTEGER PRIMARY KEY,      -- in this index: the order in which they came in
    id                 TEXT NOT NULL UNIQUE CHECK (length(id) = 28 AND id GLOB 'asset_*'),
    checksum           TEXT NOT NULL,            -- base64 of the SHA-256
    id_differs         INTEGER NOT NULL DEFAULT 0 CHECK (id_differs IN (0, 1)),  -- 1: its id is not made of this checksum;
                                                 -- it was edited, or came after one that was
    checksum_sha1      TEXT,                     -- base64 of the SHA-1
    mime_type          TEXT NOT NULL,
    fingerprint        TEXT,                     -- XXH3-128 of the coded picture without metadata, hexadecimal
    file_size_bytes    INTEGER NOT NULL CHECK (file_size_bytes >= 0),
    width              INTEGER NOT NULL DEFAULT 0 CHECK (width >= 0),
    height             INTEGER NOT NULL DEFAULT 0 CHECK (height >= 0),
    duration           REAL,                     -- seconds, of a video
    original_file_name TEXT NOT NULL,            -- as first seen
    local_datetime     TEXT NOT NULL,            -- when taken
    wall_clock         TEXT NOT NULL GENERATED ALWAYS AS (  -- the same without its offset: sorts as the clocks showed
        CASE WHEN local_datetime GLOB '*[+-][0-9][0-9]:[0-9][0-9]'
             THEN substr(local_datetime, 1, length(local_datetime) - 6) ELSE local_datetime END) VIRTUAL,
    file_id            INTEGER REFERENCES file (id) ON DELETE SET NULL,  -- the file that stands for it, of several copies
    created_at         TEXT NOT NULL,
    updated_at         TEXT NOT NULL,            -- moves only when the record's JSON does
    trashed_at         TEXT,                     -- NULL: live
    trash_override         TEXT CHECK (trash_override IN ('in', 'out')), -- the user put it in the trash, whatever its files; or took
                                                                 -- it out, though they are gone
    make               TEXT,
    model              TEXT,
    orientation        INTEGER CHECK (orientation BETWEEN 1 AND 8),
    modified_datetime  TEXT,
    original_datetime  TEXT,
    digitized_datetime TEXT,
    lens_model         TEXT,
    f_number           REAL,
    focal_length       REAL,                    -- millimetres
    iso                INTEGER,
    exposure_time      REAL,                    -- seconds
    exposure_bias      REAL,                    -- EV
    latitude           REAL CHECK (latitude BETWEEN -90 AND 90),
    longitude          REAL CHECK (longitude BETWEEN -180 AND 180),
    altitude           REAL,                    -- metres, negative below the sea
    city               TEXT,
    state              TEXT,
    country            TEXT,
    country_code       TEXT,
    sublocation        TEXT,
    description        TEXT,
    fps                REAL,
    live_photo_cid     TEXT,
    projection_type    TEXT,
    profile_description TEXT,
    auto_stack_id      TEXT,
    rating             INTEGER CHECK (rating BETWEEN 0 AND 5),
    provenance            TEXT CHECK (provenance IS NULL OR json_valid(provenance)),  -- see the view provenance; NULL: Exif alone spoke
    metadata_changed_at   TEXT NOT NULL,            -- when what the file says, or is looked up of it, last changed
    is_undated         INTEGER NOT NULL GENERATED ALWAYS AS (    -- 1: local_datetime is only the file's time
        coalesce(provenance ->> '$.local_datetime[0][0]', '') = 'the file''s time') VIRTUAL
) STRICT;

-- Read backwards: the newest first, ties by id. Forwards, so that photos indexed in the order they were taken fill its
-- pages.
CREATE INDEX asset_newest ON asset (wall_clock, id DESC) WHERE trashed_at IS NULL;

CREATE INDEX asset_undated ON asset (wall_clock) WHERE is_undated = 1;

CREATE INDEX asset_trashed ON asset (trashed_at) WHERE trashed_at IS NOT NULL;

-- A 10-character prefix of a random value is selective enough and halves the index; queries must test both the prefix
-- and the full value: substr(fingerprint, 1, 10) = substr(?1, 1, 10) AND fingerprint = ?1. Each index of a random value
-- costs another page written for each new photo, so checksums are indexed only where the id is not made of them.
CREATE INDEX asset_fingerprint ON asset (substr(fingerprint, 1, 10)) WHERE fingerprint IS NOT NULL;

CREATE UNIQUE INDEX asset_checksum ON asset (checksum) WHERE id_differs = 1;

CREATE INDEX asset_sha1 ON asset (substr(checksum_sha1, 1, 10));

CREATE INDEX asset_lost ON asset (id) WHERE file_id IS NULL;

CREATE INDEX asset_place ON asset (latitude, longitude) WHERE latitude IS NOT NULL;

CREATE INDEX asset_live_photo ON asset (live_photo_cid) WHERE live_photo_cid IS NOT NULL;

-- Content that an asset had before its file was edited in place.
CREATE TABLE former_checksum (
    checksum      TEXT NOT NULL,
    checksum_sha1 TEXT,
    asset_id      TEXT NOT NULL REFERENCES asset (id) ON DELETE CASCADE,
    until         TEXT NOT NULL,
    PRIMARY KEY (checksum, asset_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX former_checksum_sha1 ON former_checksum (checksum_sha1);

-- How many assets there are in each month. Kept by the triggers asset_month_…; for new assets by
-- indexer/store/counters.py.
CREATE TABLE month (
    month   TEXT PRIMARY KEY,                    -- of wall_clock: 2024-05
    live    INTEGER NOT NULL,
    trashed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER asset_updated AFTER UPDATE OF updated_at ON asset WHEN new.updated_at IS NOT old.updated_at BEGIN
    INSERT INTO event (created_at, entity_id, asset_number, event_type)
    VALUES (new.updated_at, new.id, new.number, 'asset_updated');
END;

CREATE TRIGGER asset_trashed AFTER UPDATE OF trashed_at ON asset
WHEN (new.trashed_at IS NULL) <> (old.trashed_at IS NULL) BEGIN
    INSERT INTO event (created_at, entity_id, asset_number, event_type)
    VALUES (coalesce(new.trashed_at, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), new.id, new.number,
            iif(new.trashed_at IS NULL, 'asset_restored', 'asset_trashed'));
END;

CREATE TRIGGER asset_deleted AFTER DELETE ON asset BEGIN
    INSERT INTO event (created_at, entity_id, asset_number, event_type)
    VALUES (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), old.id, old.number, 'asset_deleted');
    DELETE FROM search WHERE rowid = old.number;
END;

CREATE TRIGGER asset_month_updated AFTER UPDATE OF local_datetime, trashed_at ON asset
WHEN substr(new.wall_clock, 1, 7) <> substr(old.wall_clock, 1, 7)
     OR (new.trashed_at IS NULL) <> (old.trashed_at IS NULL) BEGIN
    UPDATE month SET live = live - (old.trashed_at IS NULL), trashed = trashed - (old.trashed_at IS NOT NULL)
    WHERE month = substr(old.wall_clock, 1, 7);
    INSERT INTO month VALUES (substr(new.wall_clock, 1, 7), new.trashed_at IS NULL, new.trashed_at IS NOT NULL)
    ON CONFLICT DO UPDATE SET live = live + excluded.live, trashed = trashed + excluded.trashed;
END;

CREATE TRIGGER asset_month_deleted AFTER DELETE ON asset BEGIN
    UPDATE month SET live = live - (old.trashed_at IS NULL), trashed = trashed - (old.trashed_at IS NOT NULL)
    WHERE month = substr(old.wall_clock, 1, 7);
END;

-- =====================================================================================================================
-- files: every path that was met
-- =====================================================================================================================

-- Every path met below a root, with its status. Folders have a row only if they were skipped or could not be read. A
-- file that is not found is missing first; when it stays away it is gone, and its asset goes to the trash. The row
-- stays, so that the file is recognized when it returns.
CREATE TABLE file (
    id               INTEGER PRIMARY KEY,
    root_id          INTEGER NOT NULL REFERENCES root (id) ON DELETE CASCADE,
    folder           TEXT NOT NULL,              -- within the root, '' for its top; bytes that are not UTF-8 as \xNN
    name             TEXT NOT NULL,
    path             TEXT NOT NULL GENERATED ALWAYS AS (CASE folder WHEN '' THEN name ELSE folder || '/' || name END) VIRTUAL,
    status          TEXT NOT NULL CHECK (status IN
                         ('indexed', 'damaged', 'ignored', 'not_media', 'unreadable', 'unstable', 'missing', 'gone')),
    reason           TEXT,                       -- which rule, which error, what is damaged
    is_folder        INTEGER NOT NULL DEFAULT 0 CHECK (is_folder IN (0, 1)),
    asset_number     INTEGER REFERENCES asset (number) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
    size             INTEGER,
    mtime_ns         INTEGER,
    ctime_ns         INTEGER,
    inode            INTEGER,
    device           INTEGER,
    created_ns       INTEGER,                    -- birth, or the earlier of mtime and ctime; NULL: mtime_ns
    device_asset_id  TEXT,                       -- path in Unicode NFC, as the record gives it; NULL: path
    uri              TEXT,                       -- path, percent-encoded; NULL: path
    file_created_at  TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%fZ', (coalesce(created_ns, mtime_ns)
        - iif(coalesce(created_ns, mtime_ns) < 0, 999999, 0)) / 1000000 / 1000.0, 'unixepoch')) VIRTUAL,
    file_modified_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%fZ',
        (mtime_ns - iif(mtime_ns < 0, 999999, 0)) / 1000000 / 1000.0, 'unixepoch')) VIRTUAL,
    reader_version   TEXT,                       -- what its metadata was read with: readers' version, sidecars
    seen_at          TEXT NOT NULL,              -- when this status was reached
    verified_at      TEXT,                       -- when its bytes were last compared with the index
    UNIQUE (root_id, folder, name)
) STRICT;

CREATE INDEX file_asset ON file (asset_number) WHERE asset_number IS NOT NULL;

CREATE INDEX file_inode ON file (inode, size) WHERE asset_number IS NOT NULL;

CREATE INDEX file_away ON file (asset_number) WHERE status IN ('gone', 'ignored') AND asset_number IS NOT NULL;

CREATE INDEX file_missing ON file (root_id) WHERE status = 'missing';

CREATE INDEX file_other ON file (status) WHERE status <> 'indexed';  -- few, in most indexes

-- =====================================================================================================================
-- metadata: what a file says besides the columns of asset
-- =====================================================================================================================

-- Keywords of the photo, from its file or a sidecar. Hierarchies as they are written: a|b|c or a/b/c.
CREATE TABLE keyword (
    asset_number INTEGER NOT NULL REFERENCES asset (number) ON DELETE CASCADE,
    word         TEXT NOT NULL COLLATE NOCASE,
    PRIMARY KEY (word, asset_number)
) STRICT, WITHOUT ROWID;

CREATE INDEX keyword_asset ON keyword (asset_number);

CREATE TRIGGER metadata_updated AFTER UPDATE OF metadata_changed_at ON asset
WHEN new.metadata_changed_at IS NOT old.metadata_changed_at BEGIN
    INSERT INTO event (created_at, entity_id, asset_number, event_type)
    VALUES (new.metadata_changed_at, new.id, new.number, 'metadata_updated');
END;

-- =====================================================================================================================
-- stacks: files that belong together
-- =====================================================================================================================

-- What several files say together: a photo and its raw file, the shots of a burst, a still and its video.
CREATE TABLE stack_member (
    asset_number   INTEGER PRIMARY KEY REFERENCES asset (number) ON DELETE CASCADE,
    auto_stack_id  TEXT,
    live_photo_cid TEXT
) STRICT;

-- The video inside a motion photo: which bytes of the file.
CREATE TABLE motion_photo (
    asset_number INTEGER PRIMARY KEY REFERENCES asset (number) ON DELETE CASCADE,
    start        INTEGER NOT NULL CHECK (start > 0),
    size         INTEGER NOT NULL CHECK (size > 0),
    mime_type    TEXT NOT NULL
) STRICT;

-- =====================================================================================================================
-- trash: what the user deleted from the index
-- =====================================================================================================================

-- Content that the user deleted from the index while its file stays in an indexed folder: it is not indexed again.
CREATE TABLE excluded_content (
    checksum   TEXT PRIMARY KEY,                 -- base64 of the SHA-256
    created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- =====================================================================================================================
-- user_values: the user's edits
-- =====================================================================================================================

-- The user's edits of an asset. They take precedence over everything, and survive rereading of the file.
CREATE TABLE user_value (
    asset_id     TEXT PRIMARY KEY REFERENCES asset (id) ON DELETE CASCADE,
    rating       INTEGER CHECK (rating BETWEEN 0 AND 5),
    description  TEXT,
    city         TEXT,
    state        TEXT,
    country      TEXT,
    country_code TEXT,
    sublocation  TEXT,
    place_name   TEXT,
    is_favorite  INTEGER CHECK (is_favorite IN (0, 1))  -- no part of the record
) STRICT, WITHOUT ROWID;

CREATE INDEX user_value_favorite ON user_value (asset_id) WHERE is_favorite = 1;

-- A favorite is not part of the record, so updated_at stays, but clients must see it.
CREATE TRIGGER favorite_added AFTER INSERT ON user_value WHEN new.is_favorite IS NOT NULL BEGIN
    INSERT INTO event (created_at, entity_id, asset_number, event_type)
    SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), id, number, 'asset_updated' FROM asset WHERE id = new.asset_id;
END;

CREATE TRIGGER favorite_updated AFTER UPDATE OF is_favorite ON user_value WHEN new.is_favorite IS NOT old.is_favorite BEGIN
    INSERT INTO event (created_at, entity_id, asset_number, event_type)
    SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), id, number, 'asset_updated' FROM asset WHERE id = new.asset_id;
END;

CREATE TRIGGER favorite_deleted AFTER DELETE ON user_value WHEN old.is_favorite IS NOT NULL BEGIN
    INSERT INTO event (created_at, entity_id, asset_number, event_type)
    SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), id, number, 'asset_updated' FROM asset WHERE id = old.asset_id;
END;

-- What write-back wrote into a photo's sidecar, by column of user_value, and what the sidecar said before (JSON); the
-- name 'faces' stands for the named faces. While the sidecar still says it, the value counts as the user's, not the
-- file's. A value that is being written has 'new:' before its name.
CREATE TABLE written_value (
    asset_id TEXT NOT NULL REFERENCES asset (id) ON DELETE CASCADE,
    name     TEXT NOT NULL,
    value    TEXT NOT NULL CHECK (json_valid(value)),
    before   TEXT NOT NULL CHECK (json_valid(before)),
    PRIMARY KEY (asset_id, name)
) STRICT, WITHOUT ROWID;

-- =====================================================================================================================
-- albums: what users put together
-- =====================================================================================================================

CREATE TABLE album (
    id             TEXT PRIMARY KEY,
    name           TEXT NOT NULL,
    description    TEXT,
    cover_asset_id TEXT REFERENCES asset (id) ON DELETE SET NULL,
    created_at     TEXT NOT NULL,
    updated_at     TEXT NOT NULL
) STRICT;

CREATE TABLE album_asset (
    id         TEXT PRIMARY KEY,
    album_id   TEXT NOT NULL REFERENCES album (id) ON DELETE CASCADE,
    asset_id   TEXT NOT NULL REFERENCES asset (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (album_id, asset_id)
) STRICT;

CREATE INDEX album_asset_asset ON album_asset (asset_id);

CREATE TRIGGER album_created AFTER INSERT ON album BEGIN
    INSERT INTO event (created_at, entity_id, event_type)
    VALUES (new.created_at, new.id, 'album_created');
END;

CREATE TRIGGER album_updated AFTER UPDATE ON album BEGIN
    INSERT INTO event (created_at, entity_id, event_type)
    VALUES (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), new.id, 'album_updated');
END;

CREATE TRIGGER album_deleted AFTER DELETE ON album BEGIN
    INSERT INTO event (created_at, entity_id, event_type)
    VALUES (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), old.id, 'album_deleted');
END;

CREATE TRIGGER album_asset_created AFTER INSERT ON album_asset BEGIN
    INSERT INTO event (created_at, entity_id, event_type, payload)
    VALUES (new.created_at, new.id, 'album_asset_created',
            json_object('album_id', new.album_id, 'asset_id', new.asset_id));
END;

CREATE TRIGGER album_asset_deleted AFTER DELETE ON album_asset BEGIN
    INSERT INTO event (created_at, entity_id, event_type, payload)
    VALUES (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), old.id, 'album_asset_deleted',
            json_object('album_id', old.album_id, 'asset_id', old.asset_id));
END;

-- =====================================================================================================================
-- people: who is on which photo
-- =====================================================================================================================

CREATE TABLE person (
    id                TEXT PRIMARY KEY,
    name              TEXT,
    birth_date        TEXT,
    is_hidden         INTEGER NOT NULL DEFAULT 0 CHECK (is_hidden IN (0, 1)),
    is_favorite       INTEGER NOT NULL DEFAULT 0 CHECK (is_favorite IN (0, 1)),
    thumbnail_face_id TEXT REFERENCES face (id) ON DELETE SET NULL,
    created_at        TEXT NOT NULL,
    updated_at        TEXT NOT NULL
) STRICT;

-- Former ids of a person: of those that the user merged into this one.
CREATE TABLE person_alias (
    id        TEXT PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- On how many photos a person is. This and person_asset are kept by the triggers person_….
CREATE TABLE person_count (
    person_id TEXT PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    assets    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- On which photos a person is, by the time they were taken, so that a page of them needs no sorting.
CREATE TABLE person_asset (
    person_id    TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    taken        TEXT NOT NULL,                  -- wall_clock of the asset
    asset_number INTEGER NOT NULL,
    PRIMARY KEY (person_id, taken, asset_number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER person_created AFTER INSERT ON person BEGIN
    INSERT INTO event (created_at, entity_id, event_type)
    VALUES (new.created_at, new.id, 'person_created');
END;

CREATE TRIGGER person_updated AFTER UPDATE ON person BEGIN
    INSERT INTO event (created_at, entity_id, event_type)
    VALUES (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), new.id, 'person_updated');
END;

CREATE TRIGGER person_deleted AFTER DELETE ON person BEGIN
    INSERT INTO event (created_at, entity_id, event_type)
    VALUES (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), old.id, 'person_deleted');
END;

CREATE TRIGGER person_moved AFTER UPDATE OF local_datetime ON asset WHEN new.wall_clock <> old.wall_clock BEGIN
    UPDATE person_asset SET taken = new.wall_clock
    WHERE person_id IN (SELECT person_id FROM face WHERE asset_id = new.id)
          AND taken = old.wall_clock AND asset_number = new.number;
END;

-- Before the asset is gone, while its time can still be looked up.
CREATE TRIGGER person_gone BEFORE DELETE ON asset BEGIN
    DELETE FROM face WHERE asset_id = old.id;
END;

-- =====================================================================================================================
-- faces: where a face is, and whose it is
-- =====================================================================================================================

-- x, y, w, h are pixels of the stored picture, before orientation.
CREATE TABLE face (
    id           TEXT PRIMARY KEY,
    asset_id     TEXT NOT NULL REFERENCES asset (id) ON DELETE CASCADE,
    person_id    TEXT REFERENCES person (id) ON DELETE SET NULL,
    x            INTEGER NOT NULL,
    y            INTEGER NOT NULL,
    w            INTEGER NOT NULL,
    h            INTEGER NOT NULL,
    timestamp_ms INTEGER,
    source       TEXT NOT NULL DEFAULT 'file',   -- who found it: the file's own words, or an enricher
    confidence   REAL,                           -- of the detector, 0..1
    assigned_by  TEXT CHECK (assigned_by IN ('file', 'user', 'similarity')),  -- by whom the person was assigned
    created_at   TEXT NOT NULL,
    updated_at   TEXT NOT NULL
) STRICT;

CREATE INDEX face_asset ON face (asset_id);

CREATE INDEX face_person ON face (person_id, asset_id) WHERE person_id IS NOT NULL;  -- counts without reading the faces

-- 32-bit floats, little-endian, close to each other for faces of one person.
CREATE TABLE face_embedding (
    face_id TEXT PRIMARY KEY REFERENCES face (id) ON DELETE CASCADE,
    model   TEXT NOT NULL,
    vector  BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER face_created AFTER INSERT ON face BEGIN
    INSERT INTO event (created_at, entity_id, event_type)
    VALUES (new.created_at, new.id, 'face_created');
END;

CREATE TRIGGER face_updated AFTER UPDATE ON face BEGIN
    INSERT INTO event (created_at, entity_id, event_type)
    VALUES (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), new.id, 'face_updated');
END;

CREATE TRIGGER face_deleted AFTER DELETE ON face BEGIN
    INSERT INTO event (created_at, entity_id, event_type, payload)
    VALUES (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), old.id, 'face_deleted',
            json_object('asset_id', old.asset_id, 'person_id', old.person_id));
    DELETE FROM rendition
    WHERE asset_number = (SELECT number FROM asset WHERE asset.id = old.asset_id) AND name = old.id;
END;

-- A second face of the same person on a photo does not count.
CREATE TRIGGER person_seen AFTER INSERT ON face
WHEN new.person_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM face WHERE person_id = new.person_id AND asset_id = new.asset_id AND id <> new.id) BEGIN
    INSERT INTO person_count VALUES (new.person_id, 1) ON CONFLICT DO UPDATE SET assets = assets + 1;
    INSERT OR IGNORE INTO person_asset SELECT new.person_id, wall_clock, number FROM asset WHERE id = new.asset_id;
END;

CREATE TRIGGER person_lost AFTER DELETE ON face
WHEN old.person_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM face WHERE person_id = old.person_id AND asset_id = old.asset_id) BEGIN
    UPDATE person_count SET assets = assets - 1 WHERE person_id = old.person_id;
    DELETE FROM person_asset WHERE (person_id, taken, asset_number) =
        (SELECT old.person_id, wall_clock, number FROM asset WHERE asset.id = old.asset_id);
END;

CREATE TRIGGER person_left AFTER UPDATE OF person_id, asset_id ON face
WHEN old.person_id IS NOT NULL AND (old.person_id, old.asset_id) IS NOT (new.person_id, new.asset_id) AND NOT EXISTS (
    SELECT 1 FROM face WHERE person_id = old.person_id AND asset_id = old.asset_id) BEGIN
    UPDATE person_count SET assets = assets - 1 WHERE person_id = old.person_id;
    DELETE FROM person_asset WHERE (person_id, taken, asset_number) =
        (SELECT old.person_id, wall_clock, number FROM asset WHERE asset.id = old.asset_id);
END;

CREATE TRIGGER person_joined AFTER UPDATE OF person_id, asset_id ON face
WHEN new.person_id IS NOT NULL AND (old.person_id, old.asset_id) IS NOT (new.person_id, new.asset_id) AND NOT EXISTS (
    SELECT 1 FROM face WHERE person_id = new.person_id AND asset_id = new.asset_id AND id <> new.id) BEGIN
    INSERT INTO person_count VALUES (new.person_id, 1) ON CONFLICT DO UPDATE SET assets = assets + 1;
    INSERT OR IGNORE INTO person_asset SELECT new.person_id, wall_clock, number FROM asset WHERE id = new.asset_id;
END;

-- =====================================================================================================================
-- enrichments: what was computed, and the results
-- =====================================================================================================================

-- Which version of which enricher processed an asset; results are in the tables that follow. input_key is what they were
-- computed from (see the view enrichment_input): if it or the version has changed, the asset is due again. A failed one
-- is not retried before that.
CREATE TABLE enrichment (
    asset_number INTEGER NOT NULL REFERENCES asset (number) ON DELETE CASCADE,
    enricher     TEXT NOT NULL,
    version      INTEGER NOT NULL,
    input_key    TEXT NOT NULL,
    error        TEXT,
    done_at      TEXT NOT NULL,
    PRIMARY KEY (asset_number, enricher)
) STRICT, WITHOUT ROWID;

CREATE INDEX enrichment_failed ON enrichment (enricher) WHERE error IS NOT NULL;

-- Where the coordinates are, looked up offline. Place names in the file take precedence.
CREATE TABLE place (
    asset_number INTEGER PRIMARY KEY REFERENCES asset (number) ON DELETE CASCADE,
    city         TEXT,
    state        TEXT,
    country      TEXT,
    country_code TEXT,
    sublocation  TEXT,
    place_name   TEXT,
    timezone     TEXT                            -- IANA name
) STRICT;

-- Sights, museums, parks and more that the user imported from GeoNames, with its ids and codes. A cell is a fiftieth of a degree on each
-- side, counted from the south pole eastwards.
CREATE TABLE point_of_interest (
    id        INTEGER PRIMARY KEY,
    name      TEXT NOT NULL,
    code      TEXT NOT NULL,
    latitude  REAL NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude REAL NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    cell      INTEGER NOT NULL GENERATED ALWAYS AS
                  (CAST((latitude + 90) * 50 AS INTEGER) * 18000 + CAST((longitude + 180) * 50 AS INTEGER)) VIRTUAL
) STRICT;

CREATE INDEX point_of_interest_cell ON point_of_interest (cell);

-- Quality metrics by name; scores are 0..1.
CREATE TABLE metric (
    asset_number INTEGER NOT NULL REFERENCES asset (number) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    value        REAL,
    PRIMARY KEY (asset_number, name)
) STRICT, WITHOUT ROWID;

-- Renditions of an asset: thumbnail, preview, fullsize; and portraits, under the ids of their faces. The files are in
-- the cache folder and can be made again at any time.
CREATE TABLE rendition (
    asset_number INTEGER NOT NULL REFERENCES asset (number) ON DELETE CASCADE,
    name         TEXT NOT NULL CHECK (name IN ('thumbnail', 'preview', 'fullsize') OR name GLOB 'face_*'),
    file         TEXT NOT NULL,                  -- within the cache folder
    mime_type    TEXT NOT NULL,
    width        INTEGER NOT NULL,
    height       INTEGER NOT NULL,
    size         INTEGER NOT NULL,               -- bytes
    used_at      TEXT NOT NULL,                  -- made, or last asked for by name
    PRIMARY KEY (asset_number, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX rendition_used ON rendition (used_at, size);

-- A ThumbHash (base64) to show while a picture loads, and perceptual hashes of 8 bytes each, of the whole picture and
-- of parts of it, to find similar ones.
CREATE TABLE perceptual_hash (
    asset_number INTEGER PRIMARY KEY REFERENCES asset (number) ON DELETE CASCADE,
    thumbhash    TEXT NOT NULL,
    hashes       BLOB NOT NULL
) STRICT;

-- An image embedding: 16-bit floats, little-endian, of unit length, close to those of words that describe the picture.
CREATE TABLE image_embedding (
    asset_number INTEGER PRIMARY KEY REFERENCES asset (number) ON DELETE CASCADE,
    model        TEXT NOT NULL,
    vector       BLOB NOT NULL
) STRICT;

-- A caption written by a model; '' if it refused.
CREATE TABLE caption (
    asset_number INTEGER PRIMARY KEY REFERENCES asset (number) ON DELETE CASCADE,
    text         TEXT NOT NULL
) STRICT;

-- Lines of text in the picture, in reading order. x, y, w, h are pixels of the stored picture.
CREATE TABLE text_line (
    asset_number INTEGER NOT NULL REFERENCES asset (number) ON DELETE CASCADE,
    number       INTEGER NOT NULL,
    text         TEXT NOT NULL,
    x            INTEGER NOT NULL,
    y            INTEGER NOT NULL,
    w            INTEGER NOT NULL,
    h            INTEGER NOT NULL,
    confidence   REAL NOT NULL,                  -- 0..1
    PRIMARY KEY (asset_number, number)
) STRICT, WITHOUT ROWID;

-- =====================================================================================================================
-- search: the full-text index
-- =====================================================================================================================

-- A row per asset, by its number. Kept current by reading events after the setting search_cursor.
CREATE VIRTUAL TABLE search USING fts5 (
    name, folder, description, keywords, place, people, camera, albums, text, taken,
    tokenize = "unicode61 remove_diacritics 2"
);

-- =====================================================================================================================
-- clients: who uses the HTTP API, and what they uploaded
-- =====================================================================================================================

-- Folders that clients of the HTTP API see as one library. The default one, which has all folders that no other has, has a row
-- here once it was given a name.
CREATE TABLE library (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    description TEXT,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL
) STRICT;

-- Who may use the HTTP API where a key is asked for: the SHA-256 of a key, hexadecimal.
CREATE TABLE api_key (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    hash         TEXT NOT NULL UNIQUE,
    --- What it may be used for, as JSON: of read, write, delete, delete_permanently.
    actions      TEXT NOT NULL DEFAULT '["read", "write", "delete", "delete_permanently"]'
                 CHECK (json_valid(actions)),
    created_at   TEXT NOT NULL,
    last_used_at TEXT
) STRICT;

-- What the devices that uploaded an asset call it.
CREATE TABLE upload (
    device_id       TEXT NOT NULL,
    device_asset_id TEXT NOT NULL,
    asset_id        TEXT NOT NULL REFERENCES asset (id) ON DELETE CASCADE,
    PRIMARY KEY (device_id, device_asset_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX upload_asset ON upload (asset_id);

-- =====================================================================================================================
-- events: the log of changes
-- =====================================================================================================================

-- Every change of an asset, its file, a face, a person or an album, in order, written in the same transaction: mostly
-- by triggers; new assets by indexer/store/events.py, many at once, as a trigger would make each row of a scan half as
-- expensive again. The id is the cursor from which a reader resumes.
CREATE TABLE event (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at   TEXT NOT NULL,
    event_type   TEXT NOT NULL,
    entity_type  TEXT NOT NULL GENERATED ALWAYS AS (CASE WHEN event_type GLOB 'album_asset_*' THEN 'album_asset'
                     ELSE substr(event_type, 1, instr(event_type, '_') - 1) END) VIRTUAL
                     CHECK (entity_type IN ('asset', 'file', 'metadata', 'face', 'person', 'album', 'album_asset')),
    entity_id    TEXT NOT NULL,                  -- of a file, the asset that it holds
    asset_number INTEGER,                        -- that it had then; NULL: it is about a face, a person or an album
    payload      TEXT CHECK (payload IS NULL OR json_valid(payload))
) STRICT;

CREATE INDEX event_asset ON event (asset_number) WHERE asset_number IS NOT NULL;

-- Of what has no number, or has lost it. The last eight characters of an id are selective enough.
CREATE INDEX event_entity ON event (substr(entity_id, -8)) WHERE asset_number IS NULL OR event_type = 'asset_deleted';

-- =====================================================================================================================
-- undo: what users did, to be undone
-- =====================================================================================================================

-- What the user did in one command, so that it can be undone: each row touched as it was and as it became. A change
-- that cannot be undone (a merge, a forgotten folder) has one row without a table, whose `after` says what can be done
-- instead.
CREATE TABLE user_change (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at TEXT NOT NULL,
    what       TEXT NOT NULL,
    undone_at  TEXT
) STRICT;

CREATE TABLE user_change_row (
    id         INTEGER PRIMARY KEY,
    change_id  INTEGER NOT NULL REFERENCES user_change (id) ON DELETE CASCADE,
    table_name TEXT NOT NULL,
    before     TEXT CHECK (before IS NULL OR json_valid(before)),
    after      TEXT CHECK (after IS NULL OR json_valid(after))
) STRICT;

CREATE INDEX user_change_row_change ON user_change_row (change_id);

-- =====================================================================================================================
-- jobs: scans and watches at work
-- =====================================================================================================================

-- A scan or watch at work. The row goes when it ends, or when the next one begins. What counts is the lock that each
-- holds, a file beside the index: a row without it is a run that was killed.
CREATE TABLE job (
    id         INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('scan', 'watch')),
    host       TEXT NOT NULL,
    pid        INTEGER NOT NULL,
    roots      TEXT NOT NULL,                    -- paths, one a line
    started_at TEXT NOT NULL
) STRICT;

-- How the running watch follows each root.
CREATE TABLE watch_state (
    root_id   INTEGER PRIMARY KEY REFERENCES root (id) ON DELETE CASCADE,
    mode      TEXT NOT NULL CHECK (mode IN ('events', 'polling')),
    reason    TEXT,                              -- of polling
    since     TEXT NOT NULL,
    watches   INTEGER NOT NULL DEFAULT 0,        -- folders followed by events
    uncovered TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(uncovered)),  -- folders that events cannot be had of
    overflows INTEGER NOT NULL DEFAULT 0         -- times that the system lost events, since the watch began
) STRICT;

-- =====================================================================================================================
-- views: what to read
-- =====================================================================================================================

-- The status of every path, for people: why is this photo (not) here?
CREATE VIEW path_status AS
SELECT root.path AS root, file.path AS path, file.status, file.reason, file.is_folder, asset.id AS asset_id, file.seen_at
FROM file JOIN root ON root.id = file.root_id LEFT JOIN asset ON asset.number = file.asset_number;

-- Where each indexed file is: present; offline (its root or the drive inside it is disconnected); missing (not found,
-- though root and drive are there); gone (it stayed missing). A moved file is present where it is now.
CREATE VIEW file_state AS
SELECT file.id AS file_id, asset.id AS asset_id, root.path AS root, file.path AS path,
       CASE WHEN status = 'gone' THEN 'gone'
            WHEN root.offline_at IS NOT NULL THEN 'offline'
            WHEN EXISTS (SELECT 1 FROM mount WHERE mount.root_id = file.root_id AND mount.offline_at IS NOT NULL
                         AND (file.folder = mount.folder OR file.folder >= mount.folder || '/'
                              AND file.folder < mount.folder || '0')) THEN 'offline'
            WHEN status = 'missing' THEN 'missing' ELSE 'present' END AS state
FROM file JOIN root ON root.id = file.root_id JOIN asset ON asset.number = file.asset_number
WHERE status <> 'ignored';

-- Whether the counts add up: seen = indexed + ignored + failed.
CREATE VIEW status_count AS
SELECT count(*) FILTER (WHERE status NOT IN ('missing', 'gone')) AS seen,
       count(*) FILTER (WHERE status = 'indexed') AS indexed,
       count(*) FILTER (WHERE status IN ('ignored', 'not_media')) AS ignored,
       count(*) FILTER (WHERE status IN ('damaged', 'unreadable', 'unstable')) AS failed,
       count(*) FILTER (WHERE status IN ('missing', 'gone')) AS gone
FROM file;

-- What an enrichment is computed from: the picture with its orientation; the place; the faces with their boxes.
CREATE VIEW enrichment_input AS
SELECT asset.id AS asset_id, coalesce(fingerprint, checksum) || ':' || coalesce(orientation, 1) AS picture,
       latitude || ',' || longitude AS place,
       (SELECT coalesce(fingerprint, checksum) || ':' || coalesce(orientation, 1) || ':'
               || group_concat(id || ' ' || x || ' ' || y || ' ' || w || ' ' || h)
        FROM (SELECT id, x, y, w, h FROM face WHERE face.asset_id = asset.id ORDER BY id) HAVING count(*)) AS faces
FROM asset;

-- Portraits in the cache, as the record gives them.
CREATE VIEW portrait AS
SELECT asset_number, name AS face_id, json_object('thumbnail', json_object(
           'url', (SELECT value FROM setting WHERE setting.name = 'cache_uri') || '/' || rendition.file,
           'mimetype', mime_type, 'width', width)) AS urls
FROM rendition WHERE name GLOB 'face_*';

-- The record's metadata: the user's value, else the file's, else the one looked up.
CREATE VIEW asset_metadata AS
SELECT asset.id AS asset_id, asset.created_at, metadata_changed_at AS updated_at, make, model, orientation,
       modified_datetime, original_datetime, digitized_datetime, lens_model, f_number, focal_length, iso,
       exposure_time, exposure_bias, latitude, longitude, altitude,
       coalesce(user_value.city, asset.city, place.city) AS city,
       coalesce(user_value.state, asset.state, place.state) AS state,
       coalesce(user_value.country, asset.country, place.country) AS country,
       coalesce(user_value.country_code, asset.country_code, place.country_code) AS country_code,
       coalesce(user_value.sublocation, asset.sublocation, place.sublocation) AS sublocation,
       coalesce(user_value.place_name, place.place_name) AS place_name, place.timezone,
       coalesce(user_value.description, asset.description) AS description,
       fps, coalesce(asset.live_photo_cid, stack_member.live_photo_cid) AS live_photo_cid, projection_type,
       profile_description, coalesce(asset.auto_stack_id, stack_member.auto_stack_id) AS auto_stack_id,
       coalesce(user_value.rating, asset.rating) AS rating
FROM asset
LEFT JOIN place ON place.asset_number = asset.number
LEFT JOIN stack_member ON stack_member.asset_number = asset.number
LEFT JOIN user_value ON user_value.asset_id = asset.id;

-- The asset record, key for key in the order of the photo API's documentation. The only place that assembles it.
CREATE VIEW asset_json AS
SELECT asset.id AS id, json_object(
    'id', asset.id,
    'device_asset_id', coalesce(file.device_asset_id, file.path, asset.original_file_name),
    'device_id', (SELECT value FROM setting WHERE name = 'device_id'),
    'mime_type', asset.mime_type,
    'original_file_name', asset.original_file_name,
    'file_created_at', coalesce(file.file_created_at, asset.created_at),
    'file_modified_at', coalesce(file.file_modified_at, asset.created_at),
    'local_datetime', asset.local_datetime,
    'checksum', asset.checksum,
    'created_at', asset.created_at,
    'updated_at', asset.updated_at,
    'checksum_sha1', asset.checksum_sha1,
    'exif', json_object(
        'asset_id', asset.id,
        'created_at', m.created_at,
        'updated_at', m.updated_at,
        'make', m.make,
        'model', m.model,
        'orientation', m.orientation,
        'modified_datetime', m.modified_datetime,
        'original_datetime', m.original_datetime,
        'digitized_datetime', m.digitized_datetime,
        'lens_model', m.lens_model,
        'f_number', m.f_number,
        'focal_length', m.focal_length,
        'iso', m.iso,
        'exposure_time', m.exposure_time,
        'exposure_bias', m.exposure_bias,
        'latitude', m.latitude,
        'longitude', m.longitude,
        'altitude', m.altitude,
        'city', m.city,
        'state', m.state,
        'country', m.country,
        'description', m.description,
        'fps', m.fps,
        'live_photo_cid', m.live_photo_cid,
        'projection_type', m.projection_type,
        'profile_description', m.profile_description,
        'auto_stack_id', m.auto_stack_id,
        'rating', m.rating),
    'metadata', json_object(
        'asset_id', asset.id,
        'created_at', m.created_at,
        'updated_at', m.updated_at,
        'make', m.make,
        'model', m.model,
        'orientation', m.orientation,
        'modified_datetime', m.modified_datetime,
        'original_datetime', m.original_datetime,
        'digitized_datetime', m.digitized_datetime,
        'lens_model', m.lens_model,
        'f_number', m.f_number,
        'focal_length', m.focal_length,
        'iso', m.iso,
        'exposure_time', m.exposure_time,
        'exposure_bias', m.exposure_bias,
        'latitude', m.latitude,
        'longitude', m.longitude,
        'altitude', m.altitude,
        'city', m.city,
        'state', m.state,
        'country', m.country,
        'country_code', m.country_code,
        'sublocation', m.sublocation,
        'place_name', m.place_name,
        'timezone', m.timezone,
        -- Most specific first, then the broader; nothing twice.
        'display_label', nullif(
            coalesce(m.place_name, m.sublocation, m.city, m.country, '')
            || CASE WHEN m.city IS NOT NULL AND m.city <> coalesce(m.place_name, m.sublocation, m.city)
                    THEN ', ' || m.city ELSE '' END
            || CASE WHEN coalesce(m.state, m.country)
                         NOT IN (coalesce(m.place_name, m.sublocation, m.city, m.country, ''), coalesce(m.city, ''))
                         AND coalesce(m.place_name, m.sublocation, m.city) IS NOT NULL
                    THEN ', ' || coalesce(m.state, m.country) ELSE '' END, ''),
        'description', m.description,
        'fps', m.fps,
        'live_photo_cid', m.live_photo_cid,
        'projection_type', m.projection_type,
        'auto_stack_id', m.auto_stack_id,
        'rating', m.rating),
    'metrics', json((SELECT json_group_object(name, value) FROM metric WHERE asset_number = asset.number)),
    -- Most have no other rendering, no face, nobody on them: to find that out takes a tenth of asking for them in order.
    'asset_urls', json('{' || substr(
        iif(file.status <> 'gone', ',"original":' || json_object(
            'url', root.uri || '/' || coalesce(file.uri, file.path), 'mimetype', asset.mime_type,
            'width', nullif(asset.width, 0)), '')
        || CASE WHEN asset.mime_type NOT GLOB 'video/*'
                     AND EXISTS (SELECT 1 FROM rendition WHERE rendition.asset_number = asset.number) THEN coalesce((
            SELECT group_concat(rendering, '') FROM (
                SELECT ',"' || name || '":' || json_object(
                           'url', (SELECT value FROM setting WHERE setting.name = 'cache_uri') || '/' || rendition.file,
                           'mimetype', mime_type, 'width', width) AS rendering
                FROM rendition WHERE rendition.asset_number = asset.number AND name NOT GLOB 'face_*'
                ORDER BY instr('thumbnail preview fullsize', name))), '') ELSE '' END
        -- what a browser shows upright by itself needs no other file
        || iif(file.status <> 'gone' AND coalesce(m.orientation, 1) = 1
               AND asset.mime_type IN ('image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif'),
            ',"fullsize":' || json_object(
                'url', root.uri || '/' || coalesce(file.uri, file.path), 'mimetype', asset.mime_type,
                'width', nullif(asset.width, 0)), ''), 2) || '}'),
    'description', (SELECT text FROM caption WHERE asset_number = asset.number),
    'faces', json(CASE WHEN EXISTS (SELECT 1 FROM face WHERE face.asset_id = asset.id) THEN (
        SELECT json_group_array(json(face)) FROM (
            SELECT json_object(
                'id', face.id,
                'asset_id', face.asset_id,
                'bounding_box', json_object('x', x, 'y', y, 'w', w, 'h', h),
                'created_at', face.created_at,
                'updated_at', face.updated_at,
                'person_id', person_id,
                'timestamp_ms', timestamp_ms,
                'asset_urls', json(coalesce(portrait.urls, '{}'))) AS face
            FROM face LEFT JOIN portrait ON portrait.face_id = face.id AND portrait.asset_number = asset.number
            WHERE face.asset_id = asset.id ORDER BY face.id)) ELSE '[]' END),
    'people', json(CASE WHEN EXISTS (
        SELECT 1 FROM face WHERE face.asset_id = asset.id AND person_id IS NOT NULL) THEN (
        SELECT json_group_array(json(person)) FROM (
            SELECT json_object(
                'id', person.id,
                'is_hidden', json(iif(is_hidden, 'true', 'false')),
                'is_favorite', json(iif(is_favorite, 'true', 'false')),
                'created_at', person.created_at,
                'updated_at', person.updated_at,
                'name', person.name,
                'birth_date', birth_date,
                'asset_count', coalesce((SELECT assets FROM person_count WHERE person_id = person.id), 0),
                'thumbnail_face_id', thumbnail_face_id,
                'asset_urls', json(coalesce(
                    (SELECT urls FROM face JOIN asset AS one ON one.id = face.asset_id
                     JOIN portrait ON portrait.face_id = face.id AND portrait.asset_number = one.number
                     WHERE face.id = thumbnail_face_id), '{}'))) AS person
            FROM person
            WHERE person.id IN (SELECT person_id FROM face WHERE face.asset_id = asset.id) ORDER BY person.id))
        ELSE '[]' END),
    'width', asset.width,
    'height', asset.height,
    'file_size_bytes', asset.file_size_bytes,
    'trashed_at', asset.trashed_at) AS json
FROM asset
JOIN asset_metadata AS m ON m.asset_id = asset.id
LEFT JOIN file ON file.id = asset.file_id
LEFT JOIN root ON root.id = file.root_id;

-- The text by which an asset is found.
CREATE VIEW asset_text AS
SELECT asset.id AS asset_id, asset.number,
       asset.original_file_name || CASE WHEN file.name <> asset.original_file_name THEN ' ' || file.name ELSE '' END AS name,
       replace(root.path, rtrim(root.path, replace(root.path, '/', '')), '') || '/' || file.folder AS folder,
       coalesce(m.description || ' ; ', '')
           || coalesce((SELECT text FROM caption WHERE asset_number = asset.number), '') AS description,
       (SELECT group_concat(word, ' ; ') FROM keyword WHERE keyword.asset_number = asset.number) AS keywords,
       coalesce(m.place_name || ' ; ', '') || coalesce(m.sublocation || ' ; ', '') || coalesce(m.city || ' ; ', '')
           || coalesce(m.state || ' ; ', '') || coalesce(m.country, '') AS place,
       (SELECT group_concat(name, ' ; ') FROM (
            SELECT DISTINCT person.name FROM face JOIN person ON person.id = face.person_id
            WHERE face.asset_id = asset.id)) AS people,
       coalesce(m.make || ' ; ', '') || coalesce(m.model || ' ; ', '') || coalesce(m.lens_model, '') AS camera,
       (SELECT group_concat(album.name, ' ; ') FROM album_asset JOIN album ON album.id = album_id
        WHERE album_asset.asset_id = asset.id) AS albums,
       (SELECT group_concat(text, ' ; ') FROM (SELECT text FROM text_line WHERE text_line.asset_number = asset.number
            ORDER BY number)) AS text,
       -- april 2024-04-12
       CASE substr(wall_clock, 6, 2)
            WHEN '01' THEN 'january' WHEN '02' THEN 'february' WHEN '03' THEN 'march' WHEN '04' THEN 'april'
            WHEN '05' THEN 'may' WHEN '06' THEN 'june' WHEN '07' THEN 'july' WHEN '08' THEN 'august'
            WHEN '09' THEN 'september' WHEN '10' THEN 'october' WHEN '11' THEN 'november' ELSE 'december' END
            || ' ' || substr(wall_clock, 1, 10) AS taken
FROM asset
JOIN asset_metadata AS m ON m.asset_id = asset.id
LEFT JOIN file ON file.id = asset.file_id
LEFT JOIN root ON root.id = file.root_id;

-- One flat row per photo, for people who write SQL by hand.
CREATE VIEW photo AS
SELECT asset.id, root.path || '/' || file.path AS path, asset.original_file_name AS name, asset.local_datetime AS taken_at,
       asset.mime_type, asset.width, asset.height, asset.file_size_bytes AS size, asset.duration,
       m.make, m.model AS camera, m.lens_model AS lens, m.f_number, m.exposure_time, m.iso, m.focal_length,
       m.latitude, m.longitude, m.altitude, m.city, m.state, m.country, m.description, m.rating,
       asset.checksum, asset.trashed_at
FROM asset
JOIN asset_metadata AS m ON m.asset_id = asset.id
LEFT JOIN file ON file.id = asset.file_id
LEFT JOIN root ON root.id = file.root_id;

-- Where each date and place of a photo comes from, and which sources said otherwise: rank 0 is the one believed. `note`
-- says why a word is not. What Exif alone says is not written down for each photo, only shown here.
CREATE VIEW provenance AS
SELECT m.id AS asset_id, said.key AS field, word.key AS rank, word.value ->> 0 AS source, word.value ->> 1 AS value,
       word.value ->> 2 AS note
FROM asset AS m, json_each(m.provenance) AS said, json_each(said.value) AS word
UNION ALL
SELECT asset_id, field, 0, source, value, NULL
FROM (
    SELECT id AS asset_id, provenance, 'local_datetime' AS field, 'Exif DateTimeOriginal' AS source,
           local_datetime AS value FROM asset
    UNION ALL SELECT id, provenance, 'original_datetime', 'Exif DateTimeOriginal', CAST(original_datetime AS TEXT) FROM asset
    UNION ALL SELECT id, provenance, 'digitized_datetime', 'Exif DateTimeDigitized', CAST(digitized_datetime AS TEXT) FROM asset
    UNION ALL SELECT id, provenance, 'modified_datetime', 'Exif DateTime', CAST(modified_datetime AS TEXT) FROM asset
    UNION ALL SELECT id, provenance, 'latitude', 'Exif GPSLatitude', CAST(latitude AS TEXT) FROM asset
    UNION ALL SELECT id, provenance, 'longitude', 'Exif GPSLongitude', CAST(longitude AS TEXT) FROM asset
    UNION ALL SELECT id, provenance, 'altitude', 'Exif GPSAltitude', CAST(altitude AS TEXT) FROM asset
)
WHERE value IS NOT NULL AND (provenance IS NULL OR provenance -> ('$.' || field) IS NULL);
