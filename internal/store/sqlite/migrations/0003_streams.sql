ALTER TABLE domains ADD COLUMN updated_at INTEGER; -- NULL: as it was added
CREATE INDEX domains_created ON domains (account_id, created_at, name);
CREATE INDEX domain_mappings_pull ON domain_mappings (pull_domain, push_domain);

CREATE TABLE push_auths (
	id            INTEGER PRIMARY KEY, -- shown as the id of the config
	domain        TEXT NOT NULL UNIQUE, -- that pushes are addressed to
	type          TEXT NOT NULL,
	key1          TEXT NOT NULL, -- as it is: checking needs it
	key2          TEXT NOT NULL, -- or ''
	validity_ns   INTEGER NOT NULL,
	playlist_auth INTEGER NOT NULL
) STRICT;

CREATE TABLE blocks (
	domain     TEXT NOT NULL,
	app        TEXT NOT NULL,
	stream     TEXT NOT NULL,
	until      INTEGER NOT NULL,
	created_at INTEGER,
	PRIMARY KEY (domain, app, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
	id            TEXT PRIMARY KEY,
	domain        TEXT NOT NULL,
	app           TEXT NOT NULL,
	stream        TEXT NOT NULL,
	ingest_domain TEXT NOT NULL,
	protocol      TEXT NOT NULL,
	remote_addr   TEXT NOT NULL, -- IP:PORT or ''
	local_addr    TEXT NOT NULL, -- IP:PORT or ''
	started_at    INTEGER NOT NULL,
	ended_at      INTEGER -- NULL while it is live
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_started ON sessions (domain, started_at, id);
CREATE INDEX sessions_ended ON sessions (ended_at);
