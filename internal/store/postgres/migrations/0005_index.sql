-- Slices of m3u8 recordings, and the index files that are made of them on demand.

CREATE TABLE slices (
	domain       TEXT COLLATE "C" NOT NULL,
	app          TEXT COLLATE "C" NOT NULL,
	stream       TEXT COLLATE "C" NOT NULL,
	stored_at    BIGINT NOT NULL,
	object_key   TEXT COLLATE "C" NOT NULL,
	recording_id TEXT COLLATE "C" NOT NULL,
	bucket       TEXT COLLATE "C" NOT NULL,
	endpoint     TEXT COLLATE "C" NOT NULL,
	start_time   BIGINT,
	duration_ns  BIGINT NOT NULL,
	size         BIGINT NOT NULL,
	width        BIGINT NOT NULL,
	height       BIGINT NOT NULL,
	PRIMARY KEY (domain, app, stream, stored_at, object_key)
);

CREATE TABLE index_files (
	id          TEXT COLLATE "C" PRIMARY KEY, -- UUID in lower case
	domain      TEXT COLLATE "C" NOT NULL,
	app         TEXT COLLATE "C" NOT NULL,
	stream      TEXT COLLATE "C" NOT NULL,
	bucket      TEXT COLLATE "C" NOT NULL,
	endpoint    TEXT COLLATE "C" NOT NULL,
	object_key  TEXT COLLATE "C" NOT NULL,
	start_time  BIGINT,
	end_time    BIGINT,
	duration_ns BIGINT NOT NULL,
	width       BIGINT NOT NULL,
	height      BIGINT NOT NULL,
	created_at  BIGINT NOT NULL
);

CREATE INDEX index_files_created ON index_files (domain, app, stream, created_at, id);

-- What was recorded of a stream is asked for by time.
CREATE INDEX record_files_stored ON record_files (domain, app, stream, start_time) WHERE state = 'stored';
