-- Slices know the file whose index lists them, files know what they hold, and
-- recordings whether a command started them.

ALTER TABLE slices ADD COLUMN file_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE slices ADD COLUMN format TEXT COLLATE "C" NOT NULL DEFAULT 'm3u8';
ALTER TABLE slices ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT ''; -- '': MPEG-TS
ALTER TABLE slices ADD COLUMN sequence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE slices ADD COLUMN offset_ns BIGINT NOT NULL DEFAULT 0; -- in the file
ALTER TABLE slices ADD COLUMN discontinuity BOOLEAN NOT NULL DEFAULT FALSE;

CREATE INDEX slices_file ON slices (file_id, sequence, kind);

ALTER TABLE record_files ADD COLUMN tracks TEXT COLLATE "C" NOT NULL DEFAULT '[]'; -- JSON

ALTER TABLE recordings ADD COLUMN manual BOOLEAN NOT NULL DEFAULT FALSE;

CREATE INDEX record_files_recording ON record_files (recording_id, sequence, id);
