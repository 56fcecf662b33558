-- Slices of m3u8 recordings, and the index files that are made of them on demand.

CREATE TABLE slices (
	domain       TEXT NOT NULL,
	app          TEXT NOT NULL,
	stream       TEXT NOT NULL,
	stored_at    INTEGER NOT NULL,
	object_key   TEXT NOT NULL,
	recording_id TEXT NOT NULL,
	bucket       TEXT NOT NULL,
	endpoint     TEXT NOT NULL,
	start_time   INTEGER,
	duration_ns  INTEGER NOT NULL,
	size         INTEGER NOT NULL,
	width        INTEGER NOT NULL,
	height       INTEGER NOT NULL,
	PRIMARY KEY (domain, app, stream, stored_at, object_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE index_files (
	id          TEXT PRIMARY KEY, -- UUID in lower case
	domain      TEXT NOT NULL,
	app         TEXT NOT NULL,
	stream      TEXT NOT NULL,
	bucket      TEXT NOT NULL,
	endpoint    TEXT NOT NULL,
	object_key  TEXT NOT NULL,
	start_time  INTEGER,
	end_time    INTEGER,
	duration_ns INTEGER NOT NULL,
	width       INTEGER NOT NULL,
	height      INTEGER NOT NULL,
	created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX index_files_created ON index_files (domain, app, stream, created_at, id);

-- What was recorded of a stream is asked for by time.
CREATE INDEX record_files_stored ON record_files (domain, app, stream, start_time) WHERE state = 'stored';
