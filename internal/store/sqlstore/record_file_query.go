package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"tallylight/internal/live"
)

// started is the time by which record files are listed. The indexes
// record_files_started and record_files_held are on the same expression.
const started = `coalesce(start_time, 0)`

// RecordFiles implements store.Reader. Of the conditions only those that are asked
// for are in the statement, so that an index can serve them.
func (r *Reader) RecordFiles(ctx context.Context, q live.RecordFileQuery) ([]live.RecordFile, error) {
	var conditions []string
	var args []any
	where := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", fmt.Sprint("$", len(args)), 1)
		}
		conditions = append(conditions, condition)
	}
	where("true")
	behind, direction := ">", ""
	if q.Newest {
		behind, direction = "<", " DESC"
	}
	if q.Domain != "" {
		where("domain = ?", q.Domain)
	}
	if q.App != "" {
		where("app = ?", q.App)
	}
	if q.Stream != "" {
		where("stream = ?", q.Stream)
	}
	switch q.State {
	case "":
	case live.FileStored: // spelt out: a partial index serves it
		where("state = 'stored'")
	default:
		where("state = ?", string(q.State))
	}
	if !q.From.IsZero() {
		where(started+" >= ?", q.From.UnixMicro())
	}
	if !q.To.IsZero() {
		where(started+" < ?", q.To.UnixMicro())
	}
	if a := q.After; a != nil {
		at := int64(0)
		if !a.StartTime.IsZero() {
			at = a.StartTime.UnixMicro()
		}
		where("("+started+", id) "+behind+" (?, ?)", at, string(a.ID))
	}
	args = append(args, max(q.Limit, 0))
	list, err := all(ctx, r.conn, scanRecordFile, `SELECT `+recordFileColumns+` FROM record_files
		WHERE `+strings.Join(conditions, " AND ")+` ORDER BY `+started+direction+`, id`+direction+` LIMIT $`+fmt.Sprint(len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("record files: %w", err)
	}
	return list, nil
}
