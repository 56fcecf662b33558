-- Endpoints beside the URL of the notify config, secrets of domains and of these
-- endpoints, replays, and what it takes to prune the log of callbacks.

CREATE TABLE endpoints (
	id         TEXT PRIMARY KEY,
	domain     TEXT NOT NULL,
	url        TEXT NOT NULL,
	events     TEXT NOT NULL, -- JSON, null for all
	rich       INTEGER NOT NULL,
	created_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX endpoints_domain ON endpoints (domain, id);

CREATE TABLE webhook_secrets (
	owner      TEXT NOT NULL, -- a domain or the id of an endpoint
	secret     TEXT NOT NULL, -- as it is: signing needs it
	created_at INTEGER NOT NULL,
	PRIMARY KEY (owner, secret)
) STRICT, WITHOUT ROWID;

ALTER TABLE deliveries ADD COLUMN endpoint_id TEXT NOT NULL DEFAULT ''; -- '': the URL of a notify config
ALTER TABLE deliveries ADD COLUMN rich INTEGER NOT NULL DEFAULT 0;
-- A replay stands in a line of its own, beside that of its stream: its stream_id is
-- negative from then on.
ALTER TABLE deliveries ADD COLUMN replayed_at INTEGER;
ALTER TABLE deliveries ADD COLUMN earlier INTEGER NOT NULL DEFAULT 0; -- attempts before replayed_at

ALTER TABLE attempts ADD COLUMN replay INTEGER NOT NULL DEFAULT 0;

CREATE INDEX deliveries_event ON deliveries (event_id, id);
CREATE INDEX deliveries_dead ON deliveries (id, origin) WHERE state = 'dead';
