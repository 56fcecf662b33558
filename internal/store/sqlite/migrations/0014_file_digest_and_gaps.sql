-- Files know the digest of their object and what is missing in them.

ALTER TABLE record_files ADD COLUMN sha256 TEXT NOT NULL DEFAULT ''; -- hex; '': not made
ALTER TABLE record_files ADD COLUMN gaps TEXT NOT NULL DEFAULT '{}'; -- JSON
