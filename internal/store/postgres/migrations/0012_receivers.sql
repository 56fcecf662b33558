-- URLs that are parked, and what servers have learned of receivers.

CREATE TABLE parked_endpoints (
	url         TEXT COLLATE "C" PRIMARY KEY,
	parked_at   BIGINT,
	delivery_id TEXT COLLATE "C" NOT NULL, -- '': an operator parked it
	status      BIGINT NOT NULL
);

CREATE TABLE receiver_health (
	origin        TEXT COLLATE "C" NOT NULL,
	node          TEXT COLLATE "C" NOT NULL, -- whose knowledge it is
	unanswered    BIGINT NOT NULL,
	probe_wait_ns BIGINT NOT NULL, -- 0 unless the receiver is only probed
	probe_at      BIGINT,
	concurrency   BIGINT NOT NULL,
	succeeded_at  BIGINT,
	failed_at     BIGINT,
	failed_status BIGINT NOT NULL,
	failed_err    TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (origin, node)
);

CREATE INDEX deliveries_dead_url ON deliveries (url) WHERE state = 'dead';
