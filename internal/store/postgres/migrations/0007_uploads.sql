-- Spool files on their way into a bucket by parts.

CREATE TABLE uploads (
	name       TEXT COLLATE "C" PRIMARY KEY, -- of the spool file
	file_id    TEXT COLLATE "C" NOT NULL,    -- of the record file
	bucket     TEXT COLLATE "C" NOT NULL,
	upload_id  TEXT COLLATE "C" NOT NULL,
	part_size  BIGINT NOT NULL,
	started_at BIGINT
);

CREATE TABLE upload_parts (
	upload_name TEXT COLLATE "C" NOT NULL REFERENCES uploads (name) ON DELETE CASCADE,
	number      BIGINT NOT NULL,
	size        BIGINT NOT NULL,
	etag        TEXT COLLATE "C" NOT NULL,
	md5         TEXT COLLATE "C" NOT NULL, -- hex
	PRIMARY KEY (upload_name, number)
);
