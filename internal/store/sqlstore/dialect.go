package sqlstore

import "fmt"

// A Dialect holds the statements that the backends word differently.
type Dialect struct {
	candidates string
	nextDue    string
}

// NewDialect returns the dialect of a backend. stringsOf is its query for the
// strings in a JSON array; %s in it stands for the array.
func NewDialect(stringsOf string) *Dialect {
	const (
		// waits: the delivery d must wait for an earlier one. $1 is the burst.
		waits = `(d.attempts <= $1 AND EXISTS (
			SELECT 1 FROM deliveries b
			WHERE b.stream_id = d.stream_id AND b.url = d.url AND b.state = 'pending' AND b.attempts <= $1
				AND (b.seq, b.position) < (d.seq, d.position)))`
		pending = `d.state = 'pending' AND NOT d.waiting`
		order   = ` ORDER BY ` + free + `, d.position`
	)
	notIn := func(param string) string {
		return ` AND d.origin NOT IN (` + fmt.Sprintf(stringsOf, param) + `)`
	}
	return &Dialect{
		candidates: `SELECT ` + deliveryColumns + `, ` + waits + ` FROM ` + deliveryTables +
			` WHERE ` + pending + ` AND ` + free + ` <= $2` + notIn("$4") + order + ` LIMIT $3`,
		nextDue: `SELECT ` + free + ` FROM deliveries d
			WHERE ` + pending + notIn("$2") + ` AND NOT ` + waits + order + ` LIMIT 1`,
	}
}
