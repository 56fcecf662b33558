package live

import "time"

// An Account owns domains and access keys.
type Account struct {
	ID        AccountID
	CreatedAt time.Time
}

// An AccessKey is a pair with which a client signs. The secret is never logged.
type AccessKey struct {
	ID        string
	Secret    string
	AccountID AccountID
	Active    bool
	CreatedAt time.Time
}
