-- URLs that are parked, and what servers have learned of receivers.

CREATE TABLE parked_endpoints (
	url         TEXT PRIMARY KEY,
	parked_at   INTEGER,
	delivery_id TEXT NOT NULL, -- '': an operator parked it
	status      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE receiver_health (
	origin        TEXT NOT NULL,
	node          TEXT NOT NULL, -- whose knowledge it is
	unanswered    INTEGER NOT NULL,
	probe_wait_ns INTEGER NOT NULL, -- 0 unless the receiver is only probed
	probe_at      INTEGER,
	concurrency   INTEGER NOT NULL,
	succeeded_at  INTEGER,
	failed_at     INTEGER,
	failed_status INTEGER NOT NULL,
	failed_err    TEXT NOT NULL,
	PRIMARY KEY (origin, node)
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_dead_url ON deliveries (url) WHERE state = 'dead';
