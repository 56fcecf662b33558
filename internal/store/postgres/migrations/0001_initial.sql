-- Times are microseconds since 1970 UTC, NULL for none; durations nanoseconds.
-- References are declared where one row says nothing without the other;
-- configurations are kept in step by the API, which owns them.

CREATE TABLE accounts (
	position   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- order of creation
	id         TEXT COLLATE "C" NOT NULL UNIQUE,
	created_at BIGINT
);

CREATE TABLE access_keys (
	id         TEXT COLLATE "C" PRIMARY KEY,
	secret     TEXT COLLATE "C" NOT NULL, -- as it is: HMAC needs it
	account_id TEXT COLLATE "C" NOT NULL,
	active     BOOLEAN NOT NULL,
	created_at BIGINT
);

CREATE TABLE domains (
	name       TEXT COLLATE "C" PRIMARY KEY,
	account_id TEXT COLLATE "C" NOT NULL,
	type       TEXT COLLATE "C" NOT NULL,
	status     TEXT COLLATE "C" NOT NULL,
	region     TEXT COLLATE "C" NOT NULL,
	scope      TEXT COLLATE "C" NOT NULL,
	created_at BIGINT
);

CREATE TABLE domain_mappings (
	push_domain TEXT COLLATE "C" PRIMARY KEY,
	pull_domain TEXT COLLATE "C" NOT NULL,
	created_at  BIGINT
);

CREATE TABLE record_configs (
	id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- order of creation within a microsecond
	domain       TEXT COLLATE "C" NOT NULL,
	app          TEXT COLLATE "C" NOT NULL, -- or '*'
	stream       TEXT COLLATE "C" NOT NULL, -- or '*'
	oss_endpoint TEXT COLLATE "C" NOT NULL,
	oss_bucket   TEXT COLLATE "C" NOT NULL,
	on_demand    BIGINT NOT NULL,
	delay_ns     BIGINT NOT NULL,
	start_time   BIGINT,
	end_time     BIGINT,
	formats      TEXT COLLATE "C" NOT NULL, -- JSON
	created_at   BIGINT,
	UNIQUE (domain, app, stream)
);

CREATE INDEX record_configs_created ON record_configs (domain, created_at, id);

CREATE TABLE notify_configs (
	domain             TEXT COLLATE "C" PRIMARY KEY,
	notify_url         TEXT COLLATE "C" NOT NULL,
	on_demand_url      TEXT COLLATE "C" NOT NULL,
	need_status_notify BOOLEAN NOT NULL,
	notify_req_auth    BOOLEAN NOT NULL,
	notify_auth_off    BOOLEAN NOT NULL,
	notify_auth_key    TEXT COLLATE "C" NOT NULL -- as it is: signing needs it
);

CREATE TABLE recordings (
	id         TEXT COLLATE "C" PRIMARY KEY,
	domain     TEXT COLLATE "C" NOT NULL,
	app        TEXT COLLATE "C" NOT NULL,
	stream     TEXT COLLATE "C" NOT NULL,
	session_id TEXT COLLATE "C" NOT NULL,
	state      TEXT COLLATE "C" NOT NULL,
	config     TEXT COLLATE "C" NOT NULL, -- JSON
	push_args  TEXT COLLATE "C" NOT NULL, -- JSON
	sign_key   TEXT COLLATE "C" NOT NULL,
	started_at BIGINT,
	paused_at  BIGINT
);

CREATE INDEX recordings_open ON recordings (started_at, id) WHERE state <> 'closed';

CREATE TABLE record_files (
	id           TEXT COLLATE "C" PRIMARY KEY,
	recording_id TEXT COLLATE "C" NOT NULL,
	domain       TEXT COLLATE "C" NOT NULL,
	app          TEXT COLLATE "C" NOT NULL,
	stream       TEXT COLLATE "C" NOT NULL,
	format       TEXT COLLATE "C" NOT NULL,
	state        TEXT COLLATE "C" NOT NULL,
	bucket       TEXT COLLATE "C" NOT NULL,
	sequence     BIGINT NOT NULL,
	start_time   BIGINT,
	object_key   TEXT COLLATE "C" NOT NULL,
	stop_time    BIGINT,
	duration_ns  BIGINT NOT NULL,
	size         BIGINT NOT NULL
);

CREATE INDEX record_files_unfinished ON record_files (start_time, id) WHERE state IN ('open', 'sealed');

CREATE TABLE streams (
	id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	domain   TEXT COLLATE "C" NOT NULL,
	app      TEXT COLLATE "C" NOT NULL,
	stream   TEXT COLLATE "C" NOT NULL,
	last_seq BIGINT NOT NULL, -- of its newest event
	UNIQUE (domain, app, stream)
);

CREATE TABLE events (
	id           TEXT COLLATE "C" PRIMARY KEY,
	stream_id    BIGINT NOT NULL REFERENCES streams,
	seq          BIGINT NOT NULL,
	type         TEXT COLLATE "C" NOT NULL,
	recording_id TEXT COLLATE "C" NOT NULL,
	occurred_at  BIGINT,
	detail       TEXT COLLATE "C" NOT NULL, -- JSON
	UNIQUE (stream_id, seq)
);

CREATE TABLE deliveries (
	position     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- order of creation
	id           TEXT COLLATE "C" NOT NULL UNIQUE,
	event_id     TEXT COLLATE "C" NOT NULL REFERENCES events,
	stream_id    BIGINT NOT NULL, -- of the event, as is seq
	seq          BIGINT NOT NULL,
	url          TEXT COLLATE "C" NOT NULL,
	origin       TEXT COLLATE "C" NOT NULL, -- of url
	sign_key     TEXT COLLATE "C" NOT NULL,
	state        TEXT COLLATE "C" NOT NULL,
	attempts     BIGINT NOT NULL,
	due_at       BIGINT,
	leased_until BIGINT,                   -- NULL where nobody holds it
	waiting      BOOLEAN NOT NULL DEFAULT FALSE -- a claim found it behind an earlier one
);

-- Pending deliveries are few among millions, so every index of them is partial.
-- A claim reads the first, which has the origin so that it can pass a delivery
-- over without reading its row; the others find who is ahead of whom.
CREATE INDEX deliveries_free ON deliveries (coalesce(leased_until, due_at, 0), position, origin)
	WHERE state = 'pending' AND NOT waiting;
CREATE INDEX deliveries_line ON deliveries (stream_id, url, seq, position, attempts) WHERE state = 'pending';
CREATE INDEX deliveries_waiting ON deliveries (stream_id, url, seq, position) WHERE state = 'pending' AND waiting;

CREATE TABLE attempts (
	delivery_id TEXT COLLATE "C" NOT NULL REFERENCES deliveries (id),
	number      BIGINT NOT NULL,
	started_at  BIGINT,
	elapsed_ns  BIGINT NOT NULL,
	address     TEXT COLLATE "C" NOT NULL,
	status      BIGINT NOT NULL,
	err         TEXT COLLATE "C" NOT NULL,
	response    TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (delivery_id, number)
);
