-- What belongs to one of several servers (nodes) says so, as with PostgreSQL. Here
-- there is one, whose name is ''.

CREATE TABLE nodes (
	name         TEXT PRIMARY KEY,
	host         TEXT NOT NULL,
	place        TEXT NOT NULL,
	run          TEXT NOT NULL,
	leased_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE recordings ADD COLUMN node TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN node TEXT NOT NULL DEFAULT '';
ALTER TABLE announced_publishes ADD COLUMN node TEXT NOT NULL DEFAULT '';

-- Who publishes a stream: one at a time, whichever nodes they come to.
CREATE TABLE publishers (
	domain        TEXT NOT NULL,
	app           TEXT NOT NULL,
	stream        TEXT NOT NULL,
	session_id    TEXT NOT NULL UNIQUE,
	ingest_domain TEXT NOT NULL,
	node          TEXT NOT NULL,
	cut           INTEGER NOT NULL DEFAULT 0, -- the session has to end
	PRIMARY KEY (domain, app, stream)
) STRICT, WITHOUT ROWID;

CREATE INDEX publishers_node ON publishers (node);

-- Commands on recordings that other nodes have.
CREATE TABLE orders (
	id         TEXT PRIMARY KEY,
	node       TEXT NOT NULL, -- that carries it out
	domain     TEXT NOT NULL,
	app        TEXT NOT NULL,
	stream     TEXT NOT NULL,
	command    TEXT NOT NULL,
	expires_at INTEGER NOT NULL,
	taken      INTEGER NOT NULL DEFAULT 0, -- by the node
	answer     TEXT NOT NULL DEFAULT '' -- '': none yet
) STRICT, WITHOUT ROWID;

CREATE INDEX orders_node ON orders (node);

-- Nonces of calls that change something: no two nodes take the same.
CREATE TABLE used_nonces (
	digest     INTEGER PRIMARY KEY,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX used_nonces_expiry ON used_nonces (expires_at);
