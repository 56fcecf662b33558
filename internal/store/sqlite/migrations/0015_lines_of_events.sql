-- The events of a stream were found by an index on their numbers, whose every entry
-- went to a page of its own where there are many streams: it cost as much as all else
-- that is written of an event. So each event names the one before it in its stream,
-- and the index has one in sixty-four.

ALTER TABLE streams ADD COLUMN last_event TEXT NOT NULL DEFAULT ''; -- '': there was none
ALTER TABLE streams ADD COLUMN event_before TEXT NOT NULL DEFAULT ''; -- last_event as it was before that

CREATE TABLE linked_events (
	id           TEXT PRIMARY KEY,
	stream_id    INTEGER NOT NULL,
	seq          INTEGER NOT NULL,
	previous_id  TEXT NOT NULL, -- of the event before it in its stream, which may be deleted; or ''
	type         TEXT NOT NULL,
	recording_id TEXT NOT NULL,
	occurred_at  INTEGER,
	detail       TEXT NOT NULL -- JSON
) STRICT, WITHOUT ROWID;

INSERT INTO linked_events SELECT id, stream_id, seq, lag(id, 1, '') OVER (PARTITION BY stream_id ORDER BY seq),
	type, recording_id, occurred_at, detail FROM events;
DROP TABLE events;
ALTER TABLE linked_events RENAME TO events;
UPDATE streams SET last_event = l.id, event_before = l.previous_id
	FROM (SELECT id, previous_id, stream_id, max(seq) FROM events GROUP BY stream_id) l WHERE l.stream_id = streams.id;

CREATE UNIQUE INDEX events_milestones ON events (stream_id, seq) WHERE seq % 64 = 0;

-- Deliveries are listed in the order of their events; whose they are is read from
-- the index alone.
DROP INDEX deliveries_event;
CREATE INDEX deliveries_event ON deliveries (event_id, id, stream_id);
DROP INDEX deliveries_dead;
CREATE INDEX deliveries_dead ON deliveries (event_id, id, stream_id, origin) WHERE state = 'dead';
