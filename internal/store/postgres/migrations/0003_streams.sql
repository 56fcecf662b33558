ALTER TABLE domains ADD COLUMN updated_at BIGINT; -- NULL: as it was added
CREATE INDEX domains_created ON domains (account_id, created_at, name);
CREATE INDEX domain_mappings_pull ON domain_mappings (pull_domain, push_domain);

CREATE TABLE push_auths (
	id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- shown as the id of the config
	domain        TEXT COLLATE "C" NOT NULL UNIQUE, -- that pushes are addressed to
	type          TEXT COLLATE "C" NOT NULL,
	key1          TEXT COLLATE "C" NOT NULL, -- as it is: checking needs it
	key2          TEXT COLLATE "C" NOT NULL, -- or ''
	validity_ns   BIGINT NOT NULL,
	playlist_auth BOOLEAN NOT NULL
);

CREATE TABLE blocks (
	domain     TEXT COLLATE "C" NOT NULL,
	app        TEXT COLLATE "C" NOT NULL,
	stream     TEXT COLLATE "C" NOT NULL,
	until      BIGINT NOT NULL,
	created_at BIGINT,
	PRIMARY KEY (domain, app, stream)
);

CREATE TABLE sessions (
	id            TEXT COLLATE "C" PRIMARY KEY,
	domain        TEXT COLLATE "C" NOT NULL,
	app           TEXT COLLATE "C" NOT NULL,
	stream        TEXT COLLATE "C" NOT NULL,
	ingest_domain TEXT COLLATE "C" NOT NULL,
	protocol      TEXT COLLATE "C" NOT NULL,
	remote_addr   TEXT COLLATE "C" NOT NULL, -- IP:PORT or ''
	local_addr    TEXT COLLATE "C" NOT NULL, -- IP:PORT or ''
	started_at    BIGINT NOT NULL,
	ended_at      BIGINT -- NULL while it is live
);

CREATE INDEX sessions_started ON sessions (domain, started_at, id);
CREATE INDEX sessions_ended ON sessions (ended_at);
