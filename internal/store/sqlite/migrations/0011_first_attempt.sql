-- A delivery keeps its first attempt, which nearly always is its last, in its own
-- row: one row is written and not two. Other attempts are in attempts, and so is
-- every one that was made before this migration.

ALTER TABLE deliveries ADD COLUMN first_started_at INTEGER;
ALTER TABLE deliveries ADD COLUMN first_elapsed_ns INTEGER;
ALTER TABLE deliveries ADD COLUMN first_address TEXT;
ALTER TABLE deliveries ADD COLUMN first_status INTEGER; -- NULL: no first attempt is kept here
ALTER TABLE deliveries ADD COLUMN first_err TEXT;
ALTER TABLE deliveries ADD COLUMN first_response TEXT;

-- The log of callbacks is read by time. Attempts are made in that order, so that
-- what these indexes gain goes to their end and not to a page for each stream.
CREATE INDEX deliveries_first ON deliveries (first_started_at, stream_id, first_status) WHERE first_started_at IS NOT NULL;
DROP INDEX attempts_started;
CREATE INDEX attempts_started ON attempts (started_at, stream_id, status);
