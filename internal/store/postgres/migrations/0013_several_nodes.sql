-- Several servers (nodes) share a database: what belongs to one says so. '' is of
-- earlier versions; the first node that starts takes it for its own.

CREATE TABLE nodes (
	name         TEXT COLLATE "C" PRIMARY KEY,
	host         TEXT COLLATE "C" NOT NULL,
	place        TEXT COLLATE "C" NOT NULL,
	run          TEXT COLLATE "C" NOT NULL,
	leased_until BIGINT NOT NULL
);

ALTER TABLE recordings ADD COLUMN node TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN node TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE announced_publishes ADD COLUMN node TEXT COLLATE "C" NOT NULL DEFAULT '';

-- Who publishes a stream: one at a time, whichever nodes they come to.
CREATE TABLE publishers (
	domain        TEXT COLLATE "C" NOT NULL,
	app           TEXT COLLATE "C" NOT NULL,
	stream        TEXT COLLATE "C" NOT NULL,
	session_id    TEXT COLLATE "C" NOT NULL UNIQUE,
	ingest_domain TEXT COLLATE "C" NOT NULL,
	node          TEXT COLLATE "C" NOT NULL,
	cut           BOOLEAN NOT NULL DEFAULT FALSE, -- the session has to end
	PRIMARY KEY (domain, app, stream)
);

CREATE INDEX publishers_node ON publishers (node);

-- Commands on recordings that other nodes have.
CREATE TABLE orders (
	id         TEXT COLLATE "C" PRIMARY KEY,
	node       TEXT COLLATE "C" NOT NULL, -- that carries it out
	domain     TEXT COLLATE "C" NOT NULL,
	app        TEXT COLLATE "C" NOT NULL,
	stream     TEXT COLLATE "C" NOT NULL,
	command    TEXT COLLATE "C" NOT NULL,
	expires_at BIGINT NOT NULL,
	taken      BOOLEAN NOT NULL DEFAULT FALSE, -- by the node
	answer     TEXT COLLATE "C" NOT NULL DEFAULT '' -- '': none yet
);

CREATE INDEX orders_node ON orders (node);

-- Nonces of calls that change something: no two nodes take the same.
CREATE TABLE used_nonces (
	digest     BIGINT PRIMARY KEY,
	expires_at BIGINT NOT NULL
);

CREATE INDEX used_nonces_expiry ON used_nonces (expires_at);
