-- The log of callbacks is read by domain and time: an attempt knows its stream,
-- and one index answers which attempts a query selects without reading them.

ALTER TABLE attempts ADD COLUMN stream_id BIGINT NOT NULL DEFAULT 0; -- of the delivery

UPDATE attempts SET stream_id = (SELECT d.stream_id FROM deliveries d WHERE d.id = attempts.delivery_id);

CREATE INDEX attempts_started ON attempts (stream_id, started_at, status);

CREATE TABLE streams_notify_configs (
	domain          TEXT COLLATE "C" PRIMARY KEY, -- ingest domain
	notify_url      TEXT COLLATE "C" NOT NULL,
	notify_req_auth BOOLEAN NOT NULL,
	notify_auth_key TEXT COLLATE "C" NOT NULL -- as it is: signing needs it
);

-- Pushes that were told of and whose end has to be told of.
CREATE TABLE announced_publishes (
	session_id TEXT COLLATE "C" PRIMARY KEY,
	domain     TEXT COLLATE "C" NOT NULL, -- ingest domain
	app        TEXT COLLATE "C" NOT NULL,
	stream     TEXT COLLATE "C" NOT NULL,
	url        TEXT COLLATE "C" NOT NULL,
	sign_key   TEXT COLLATE "C" NOT NULL,
	detail     TEXT COLLATE "C" NOT NULL -- JSON
);
