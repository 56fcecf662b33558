-- The log of callbacks is read by domain and time: an attempt knows its stream,
-- and one index answers which attempts a query selects without reading them.

ALTER TABLE attempts ADD COLUMN stream_id INTEGER NOT NULL DEFAULT 0; -- of the delivery

UPDATE attempts SET stream_id = (SELECT d.stream_id FROM deliveries d WHERE d.id = attempts.delivery_id);

CREATE INDEX attempts_started ON attempts (stream_id, started_at, status);

CREATE TABLE streams_notify_configs (
	domain          TEXT PRIMARY KEY, -- ingest domain
	notify_url      TEXT NOT NULL,
	notify_req_auth INTEGER NOT NULL,
	notify_auth_key TEXT NOT NULL -- as it is: signing needs it
) STRICT, WITHOUT ROWID;

-- Pushes that were told of and whose end has to be told of.
CREATE TABLE announced_publishes (
	session_id TEXT PRIMARY KEY,
	domain     TEXT NOT NULL, -- ingest domain
	app        TEXT NOT NULL,
	stream     TEXT NOT NULL,
	url        TEXT NOT NULL,
	sign_key   TEXT NOT NULL,
	detail     TEXT NOT NULL -- JSON
) STRICT, WITHOUT ROWID;
