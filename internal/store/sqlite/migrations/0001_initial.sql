-- Times are microseconds since 1970 UTC, NULL for none; durations nanoseconds.
-- References are declared where one row says nothing without the other;
-- configurations are kept in step by the API, which owns them.

CREATE TABLE accounts (
	position   INTEGER PRIMARY KEY, -- order of creation
	id         TEXT NOT NULL UNIQUE,
	created_at INTEGER
) STRICT;

CREATE TABLE access_keys (
	id         TEXT PRIMARY KEY,
	secret     TEXT NOT NULL, -- as it is: HMAC needs it
	account_id TEXT NOT NULL,
	active     INTEGER NOT NULL,
	created_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE domains (
	name       TEXT PRIMARY KEY,
	account_id TEXT NOT NULL,
	type       TEXT NOT NULL,
	status     TEXT NOT NULL,
	region     TEXT NOT NULL,
	scope      TEXT NOT NULL,
	created_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE domain_mappings (
	push_domain TEXT PRIMARY KEY,
	pull_domain TEXT NOT NULL,
	created_at  INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE record_configs (
	id           INTEGER PRIMARY KEY, -- order of creation within a microsecond
	domain       TEXT NOT NULL,
	app          TEXT NOT NULL, -- or '*'
	stream       TEXT NOT NULL, -- or '*'
	oss_endpoint TEXT NOT NULL,
	oss_bucket   TEXT NOT NULL,
	on_demand    INTEGER NOT NULL,
	delay_ns     INTEGER NOT NULL,
	start_time   INTEGER,
	end_time     INTEGER,
	formats      TEXT NOT NULL, -- JSON
	created_at   INTEGER,
	UNIQUE (domain, app, stream)
) STRICT;

CREATE INDEX record_configs_created ON record_configs (domain, created_at, id);

CREATE TABLE notify_configs (
	domain             TEXT PRIMARY KEY,
	notify_url         TEXT NOT NULL,
	on_demand_url      TEXT NOT NULL,
	need_status_notify INTEGER NOT NULL,
	notify_req_auth    INTEGER NOT NULL,
	notify_auth_off    INTEGER NOT NULL,
	notify_auth_key    TEXT NOT NULL -- as it is: signing needs it
) STRICT, WITHOUT ROWID;

CREATE TABLE recordings (
	id         TEXT PRIMARY KEY,
	domain     TEXT NOT NULL,
	app        TEXT NOT NULL,
	stream     TEXT NOT NULL,
	session_id TEXT NOT NULL,
	state      TEXT NOT NULL,
	config     TEXT NOT NULL, -- JSON
	push_args  TEXT NOT NULL, -- JSON
	sign_key   TEXT NOT NULL,
	started_at INTEGER,
	paused_at  INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX recordings_open ON recordings (started_at, id) WHERE state <> 'closed';

CREATE TABLE record_files (
	id           TEXT PRIMARY KEY,
	recording_id TEXT NOT NULL,
	domain       TEXT NOT NULL,
	app          TEXT NOT NULL,
	stream       TEXT NOT NULL,
	format       TEXT NOT NULL,
	state        TEXT NOT NULL,
	bucket       TEXT NOT NULL,
	sequence     INTEGER NOT NULL,
	start_time   INTEGER,
	object_key   TEXT NOT NULL,
	stop_time    INTEGER,
	duration_ns  INTEGER NOT NULL,
	size         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX record_files_unfinished ON record_files (start_time, id) WHERE state IN ('open', 'sealed');

CREATE TABLE streams (
	id       INTEGER PRIMARY KEY,
	domain   TEXT NOT NULL,
	app      TEXT NOT NULL,
	stream   TEXT NOT NULL,
	last_seq INTEGER NOT NULL, -- of its newest event
	UNIQUE (domain, app, stream)
) STRICT;

CREATE TABLE events (
	id           TEXT PRIMARY KEY,
	stream_id    INTEGER NOT NULL REFERENCES streams,
	seq          INTEGER NOT NULL,
	type         TEXT NOT NULL,
	recording_id TEXT NOT NULL,
	occurred_at  INTEGER,
	detail       TEXT NOT NULL, -- JSON
	UNIQUE (stream_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
	position     INTEGER PRIMARY KEY, -- order of creation
	id           TEXT NOT NULL UNIQUE,
	event_id     TEXT NOT NULL REFERENCES events,
	stream_id    INTEGER NOT NULL, -- of the event, as is seq
	seq          INTEGER NOT NULL,
	url          TEXT NOT NULL,
	origin       TEXT NOT NULL, -- of url
	sign_key     TEXT NOT NULL,
	state        TEXT NOT NULL,
	attempts     INTEGER NOT NULL,
	due_at       INTEGER,
	leased_until INTEGER,                   -- NULL where nobody holds it
	waiting      INTEGER NOT NULL DEFAULT 0 -- a claim found it behind an earlier one
) STRICT;

-- Pending deliveries are few among millions, so every index of them is partial.
-- A claim reads the first, which has the origin so that it can pass a delivery
-- over without reading its row; the others find who is ahead of whom.
CREATE INDEX deliveries_free ON deliveries (coalesce(leased_until, due_at, 0), position, origin)
	WHERE state = 'pending' AND NOT waiting;
CREATE INDEX deliveries_line ON deliveries (stream_id, url, seq, position, attempts) WHERE state = 'pending';
CREATE INDEX deliveries_waiting ON deliveries (stream_id, url, seq, position) WHERE state = 'pending' AND waiting;

CREATE TABLE attempts (
	delivery_id TEXT NOT NULL REFERENCES deliveries (id),
	number      INTEGER NOT NULL,
	started_at  INTEGER,
	elapsed_ns  INTEGER NOT NULL,
	address     TEXT NOT NULL,
	status      INTEGER NOT NULL,
	err         TEXT NOT NULL,
	response    TEXT NOT NULL,
	PRIMARY KEY (delivery_id, number)
) STRICT, WITHOUT ROWID;
