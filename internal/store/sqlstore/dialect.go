package sqlstore

import "fmt"

// configsLock is the key of the advisory lock of LockConfigs: "TALC".
const configsLock = 0x54414c43

// A Dialect holds the statements that the backends word differently.
type Dialect struct {
	sideBySide bool // Updates run side by side, and in another process than this

	candidates   string // the first deliveries that a claim must look at
	candidatesOf string // those of one origin
	lockAhead    string // where Updates run side by side
	lockParked   string // likewise
	claim        string
	markWaiting  string
	freeWaiting  string
	release      string
	nextDue      string
	lockConfigs  string // empty where Updates are serialised

	// in returns the condition that what stands before it is among the strings of
	// a parameter, a JSON array.
	in func(param string) string
}

// NewDialect returns the dialect of a backend. stringsOf is its query for the
// strings in a JSON array; %s in it stands for the array. sideBySide says that
// Updates run side by side, so that a claim has to lock what it looks at. It
// never waits for a lock: what another Update holds is left to the next claim.
func NewDialect(stringsOf string, sideBySide bool) *Dialect {
	const (
		// ahead selects the deliveries b that d must wait for while it is in its
		// burst itself. $1 is the burst.
		ahead = `SELECT 1 FROM deliveries b
			WHERE b.stream_id = d.stream_id AND b.url = d.url AND b.state = 'pending' AND b.attempts <= $1
				AND (b.seq, b.position) < (d.seq, d.position)`
		waits   = `(d.attempts <= $1 AND EXISTS (` + ahead + `) OR ` + parked + `)`
		pending = `d.state = 'pending' AND NOT d.waiting`
		order   = ` ORDER BY ` + free + `, d.position`
	)
	in := func(param string) string { return ` IN (` + fmt.Sprintf(stringsOf, param) + `)` }
	candidates := func(origin string) string {
		return `SELECT ` + deliveryColumns + `, ` + waits + ` FROM ` + deliveryTables +
			` WHERE ` + pending + ` AND ` + free + ` <= $2 AND d.origin ` + origin + order + ` LIMIT $3`
	}
	d := &Dialect{
		candidates:   candidates(`NOT` + in("$4")),
		candidatesOf: candidates(`= $4`),
		claim:        `UPDATE deliveries SET leased_until = $2, claimed_by = $3 WHERE id` + in("$1"),
		markWaiting:  `UPDATE deliveries SET waiting = TRUE WHERE id` + in("$1"),
		freeWaiting: `UPDATE deliveries SET waiting = FALSE WHERE position IN (
			SELECT (SELECT w.position FROM deliveries w
				WHERE w.stream_id = d.stream_id AND w.url = d.url AND w.state = 'pending' AND w.waiting
				ORDER BY w.seq, w.position LIMIT 1)
			FROM deliveries d WHERE d.id` + in("$1") + `)`,
		release: `UPDATE deliveries SET leased_until = NULL
			WHERE state = 'pending' AND claimed_by = $2 AND id` + in("$1"),
		nextDue: `SELECT ` + free + ` FROM deliveries d
			WHERE ` + pending + ` AND d.origin NOT` + in("$2") + ` AND NOT ` + waits + order + ` LIMIT 1`,
	}
	d.in, d.sideBySide = in, sideBySide
	if sideBySide {
		// The rows are looked up one by one, however many the planner believes there to be.
		d.freeWaiting = `UPDATE deliveries SET waiting = FALSE WHERE position = ANY (ARRAY (
			SELECT w.position FROM deliveries d CROSS JOIN LATERAL (SELECT b.position FROM deliveries b
				WHERE b.stream_id = d.stream_id AND b.url = d.url AND b.state = 'pending' AND b.waiting
				ORDER BY b.seq, b.position LIMIT 1) w
			WHERE d.id = ANY (ARRAY (` + fmt.Sprintf(stringsOf, "$1") + `))))`
		d.lockConfigs = fmt.Sprintf(`SELECT pg_advisory_xact_lock(%d)`, configsLock)
		d.candidates += ` FOR UPDATE OF d SKIP LOCKED`
		d.candidatesOf += ` FOR UPDATE OF d SKIP LOCKED`
		d.lockAhead = `SELECT d.id FROM deliveries d
			CROSS JOIN LATERAL (` + ahead + ` ORDER BY b.seq, b.position LIMIT 1 FOR SHARE SKIP LOCKED) held
			WHERE d.id` + in("$2")
		d.lockParked = `SELECT d.id FROM deliveries d
			CROSS JOIN LATERAL (SELECT 1 FROM parked_endpoints p WHERE p.url = d.url FOR SHARE SKIP LOCKED) held
			WHERE d.id` + in("$1")
	}
	return d
}
