-- Users of an account with their policies, keys of users, temporary keys, and
-- the nonces of signed calls.

CREATE TABLE ram_users (
	account_id TEXT COLLATE "C" NOT NULL,
	name       TEXT COLLATE "C" NOT NULL,
	created_at BIGINT,
	PRIMARY KEY (account_id, name)
);

CREATE TABLE ram_policies (
	account_id TEXT COLLATE "C" NOT NULL,
	user_name  TEXT COLLATE "C" NOT NULL,
	name       TEXT COLLATE "C" NOT NULL,
	document   TEXT COLLATE "C" NOT NULL, -- JSON, as it was given
	created_at BIGINT,
	PRIMARY KEY (account_id, user_name, name),
	FOREIGN KEY (account_id, user_name) REFERENCES ram_users (account_id, name) ON DELETE CASCADE
);

ALTER TABLE access_keys ADD COLUMN user_name TEXT COLLATE "C" NOT NULL DEFAULT ''; -- '': the account itself
ALTER TABLE access_keys ADD COLUMN token_hash TEXT COLLATE "C" NOT NULL DEFAULT ''; -- '': not temporary
ALTER TABLE access_keys ADD COLUMN expires_at BIGINT;

CREATE INDEX access_keys_owner ON access_keys (account_id, user_name);

-- A row holds the digests that were kept by one commit, 8 bytes each, so that a
-- thousand nonces cost one row and not a thousand.
CREATE TABLE nonces (
	position   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	expires_at BIGINT NOT NULL,
	digests    BYTEA NOT NULL
);

CREATE INDEX nonces_expiry ON nonces (expires_at);
