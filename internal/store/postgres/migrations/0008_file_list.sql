-- Record files are listed by time, page by page: all of them, and those of a
-- domain that are stored.

CREATE INDEX record_files_started ON record_files (coalesce(start_time, 0), id);
CREATE INDEX record_files_held ON record_files (domain, coalesce(start_time, 0), id) WHERE state = 'stored';

-- Whose an object is.
CREATE INDEX record_files_object ON record_files (bucket, object_key) WHERE state IN ('sealed', 'stored');
CREATE INDEX slices_object ON slices (bucket, object_key);
CREATE INDEX index_files_object ON index_files (bucket, object_key);
