-- Files know the digest of their object and what is missing in them.

ALTER TABLE record_files ADD COLUMN sha256 TEXT COLLATE "C" NOT NULL DEFAULT ''; -- hex; '': not made
ALTER TABLE record_files ADD COLUMN gaps TEXT COLLATE "C" NOT NULL DEFAULT '{}'; -- JSON
