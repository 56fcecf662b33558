-- Several servers can share a database: each gives back only what it had claimed.

ALTER TABLE deliveries ADD COLUMN claimed_by TEXT COLLATE "C" NOT NULL DEFAULT ''; -- the node that leased_until was given to
