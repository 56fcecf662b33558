-- Spool files on their way into a bucket by parts.

CREATE TABLE uploads (
	name       TEXT PRIMARY KEY, -- of the spool file
	file_id    TEXT NOT NULL,    -- of the record file
	bucket     TEXT NOT NULL,
	upload_id  TEXT NOT NULL,
	part_size  INTEGER NOT NULL,
	started_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE upload_parts (
	upload_name TEXT NOT NULL REFERENCES uploads (name) ON DELETE CASCADE,
	number      INTEGER NOT NULL,
	size        INTEGER NOT NULL,
	etag        TEXT NOT NULL,
	md5         TEXT NOT NULL, -- hex
	PRIMARY KEY (upload_name, number)
) STRICT, WITHOUT ROWID;
