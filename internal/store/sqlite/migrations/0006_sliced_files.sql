-- Slices know the file whose index lists them, files know what they hold, and
-- recordings whether a command started them.

ALTER TABLE slices ADD COLUMN file_id TEXT NOT NULL DEFAULT '';
ALTER TABLE slices ADD COLUMN format TEXT NOT NULL DEFAULT 'm3u8';
ALTER TABLE slices ADD COLUMN kind TEXT NOT NULL DEFAULT ''; -- '': MPEG-TS
ALTER TABLE slices ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE slices ADD COLUMN offset_ns INTEGER NOT NULL DEFAULT 0; -- in the file
ALTER TABLE slices ADD COLUMN discontinuity INTEGER NOT NULL DEFAULT 0;

CREATE INDEX slices_file ON slices (file_id, sequence, kind);

ALTER TABLE record_files ADD COLUMN tracks TEXT NOT NULL DEFAULT '[]'; -- JSON

ALTER TABLE recordings ADD COLUMN manual INTEGER NOT NULL DEFAULT 0;

CREATE INDEX record_files_recording ON record_files (recording_id, sequence, id);
