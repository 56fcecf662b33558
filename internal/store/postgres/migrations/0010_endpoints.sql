-- Endpoints beside the URL of the notify config, secrets of domains and of these
-- endpoints, replays, and what it takes to prune the log of callbacks.

CREATE TABLE endpoints (
	id         TEXT COLLATE "C" PRIMARY KEY,
	domain     TEXT COLLATE "C" NOT NULL,
	url        TEXT COLLATE "C" NOT NULL,
	events     TEXT COLLATE "C" NOT NULL, -- JSON, null for all
	rich       BOOLEAN NOT NULL,
	created_at BIGINT
);

CREATE INDEX endpoints_domain ON endpoints (domain, id);

CREATE TABLE webhook_secrets (
	owner      TEXT COLLATE "C" NOT NULL, -- a domain or the id of an endpoint
	secret     TEXT COLLATE "C" NOT NULL, -- as it is: signing needs it
	created_at BIGINT NOT NULL,
	PRIMARY KEY (owner, secret)
);

ALTER TABLE deliveries ADD COLUMN endpoint_id TEXT COLLATE "C" NOT NULL DEFAULT ''; -- '': the URL of a notify config
ALTER TABLE deliveries ADD COLUMN rich BOOLEAN NOT NULL DEFAULT FALSE;
-- A replay stands in a line of its own, beside that of its stream: its stream_id is
-- negative from then on.
ALTER TABLE deliveries ADD COLUMN replayed_at BIGINT;
ALTER TABLE deliveries ADD COLUMN earlier BIGINT NOT NULL DEFAULT 0; -- attempts before replayed_at

ALTER TABLE attempts ADD COLUMN replay BOOLEAN NOT NULL DEFAULT FALSE;

CREATE INDEX deliveries_event ON deliveries (event_id, id);
CREATE INDEX deliveries_dead ON deliveries (id, origin) WHERE state = 'dead';
