-- The events of a stream were found by an index on their numbers, whose every entry
-- went to a page of its own where there are many streams: it cost as much as all else
-- that is written of an event. So each event names the one before it in its stream,
-- and the index has one in sixty-four.

ALTER TABLE streams ADD COLUMN last_event TEXT COLLATE "C" NOT NULL DEFAULT ''; -- '': there was none
ALTER TABLE streams ADD COLUMN event_before TEXT COLLATE "C" NOT NULL DEFAULT ''; -- last_event as it was before that
-- Of the event before it in its stream, which may be deleted; or ''.
ALTER TABLE events ADD COLUMN previous_id TEXT COLLATE "C" NOT NULL DEFAULT '';

UPDATE events SET previous_id = l.previous_id
	FROM (SELECT id, lag(id, 1, '') OVER (PARTITION BY stream_id ORDER BY seq) AS previous_id FROM events) l WHERE l.id = events.id;
UPDATE streams SET last_event = l.id, event_before = l.previous_id
	FROM (SELECT DISTINCT ON (stream_id) id, previous_id, stream_id FROM events ORDER BY stream_id, seq DESC) l WHERE l.stream_id = streams.id;

ALTER TABLE events DROP CONSTRAINT events_stream_id_seq_key;
CREATE UNIQUE INDEX events_milestones ON events (stream_id, seq) WHERE seq % 64 = 0;

-- Deliveries are listed in the order of their events; whose they are is read from
-- the index alone.
DROP INDEX deliveries_event;
CREATE INDEX deliveries_event ON deliveries (event_id, id, stream_id);
DROP INDEX deliveries_dead;
CREATE INDEX deliveries_dead ON deliveries (event_id, id, stream_id, origin) WHERE state = 'dead';
