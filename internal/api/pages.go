package api

// Bounds of pages: of configs and index files, of streams, of the log of callbacks.
const (
	defaultPageSize = 10
	minPageSize     = 5
	maxPageSize     = 30

	defaultStreamPageSize = 2000
	maxStreamPageSize     = 3000

	defaultLogPageSize = 20
	maxLogPageSize     = 500
	maxLogPageNumber   = 100_000
)

// clamp returns n within bounds, or preset where it is absent.
func clamp[T int32 | int64](n *T, preset, lowest, highest T) int {
	if n == nil {
		return int(preset)
	}
	return int(min(max(*n, lowest), highest))
}

// pages returns how many pages of a size hold total items.
func pages(total, size int) int { return (total + size - 1) / size }
