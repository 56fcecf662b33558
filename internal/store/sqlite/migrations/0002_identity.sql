-- Users of an account with their policies, keys of users, temporary keys, and
-- the nonces of signed calls.

CREATE TABLE ram_users (
	account_id TEXT NOT NULL,
	name       TEXT NOT NULL,
	created_at INTEGER,
	PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE ram_policies (
	account_id TEXT NOT NULL,
	user_name  TEXT NOT NULL,
	name       TEXT NOT NULL,
	document   TEXT NOT NULL, -- JSON, as it was given
	created_at INTEGER,
	PRIMARY KEY (account_id, user_name, name),
	FOREIGN KEY (account_id, user_name) REFERENCES ram_users (account_id, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

ALTER TABLE access_keys ADD COLUMN user_name TEXT NOT NULL DEFAULT ''; -- '': the account itself
ALTER TABLE access_keys ADD COLUMN token_hash TEXT NOT NULL DEFAULT ''; -- '': not temporary
ALTER TABLE access_keys ADD COLUMN expires_at INTEGER;

CREATE INDEX access_keys_owner ON access_keys (account_id, user_name);

-- A row holds the digests that were kept by one commit, 8 bytes each, so that a
-- thousand nonces cost one row and not a thousand.
CREATE TABLE nonces (
	position   INTEGER PRIMARY KEY,
	expires_at INTEGER NOT NULL,
	digests    BLOB NOT NULL
) STRICT;

CREATE INDEX nonces_expiry ON nonces (expires_at);
