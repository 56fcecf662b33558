package e2e

import (
	"cmp"
	"encoding/json"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// allFormats are all formats that can be recorded. A rule has three at most, so
// that it takes two apps to have all.
var allFormats = map[string][]string{ // by app
	"files":  {"flv", "mp4", "m3u8"},
	"slices": {"cmaf"},
}

// sliceSeconds is the shortest that slices can be.
const sliceSeconds = 5

// addDomains adds the domains of the tests.
func (s *server) addDomains(t testing.TB) {
	t.Helper()
	s.must(t, "AddLiveDomain", "DomainName", streamingDomain, "LiveDomainType", "liveVideo", "Region", "cn-shanghai")
	s.must(t, "AddLiveDomain", "DomainName", ingestDomain, "LiveDomainType", "liveEdge", "Region", "cn-shanghai")
	s.must(t, "AddLiveDomainMapping", "PushDomain", ingestDomain, "PullDomain", streamingDomain)
}

// record adds a rule for an app: formats with files of at most cycle, and slices
// as short as can be. more are further parameters.
func (s *server) record(t testing.TB, app string, formats []string, cycle time.Duration, more ...string) {
	t.Helper()
	pairs := append([]string{"DomainName", streamingDomain, "AppName", app, "OssBucket", bucket,
		"OssEndpoint", "oss-cn-shanghai.aliyuncs.com", "DelayTime", strconv.Itoa(delayTime)}, more...)
	for i, format := range formats {
		of := func(name string) string { return "RecordFormat." + strconv.Itoa(i+1) + "." + name }
		pairs = append(pairs, of("Format"), format, of("OssObjectPrefix"), objectPrefix,
			of("CycleDuration"), strconv.Itoa(int(cycle.Seconds())))
		if format == "m3u8" || format == "cmaf" {
			pairs = append(pairs, of("SliceOssObjectPrefix"), "{AppName}/{StreamName}/slices/{UnixTimestamp}_{Sequence}",
				of("SliceDuration"), strconv.Itoa(sliceSeconds))
		}
	}
	s.must(t, "AddLiveAppRecordConfig", pairs...)
}

// recordAll adds rules for all formats.
func (s *server) recordAll(t testing.TB, cycle time.Duration) {
	t.Helper()
	s.addDomains(t)
	for app, formats := range allFormats {
		s.record(t, app, formats, cycle)
	}
}

// urlOf returns where an encoder pushes a stream of an app to.
func (s *server) urlOf(app, stream string) string {
	return "rtmp://" + s.rtmp + "/" + app + "/" + stream + "?vhost=" + ingestDomain
}

// A recordFile is what "tallylight records list --json" tells of a record file.
type recordFile struct {
	File, App, Stream, Format, State, Object string
	Sequence                                 int
	Seconds                                  float64 `json:"duration_seconds"`
	Size                                     int64
}

// recordFiles lists the record files of a data folder.
func recordFiles(t testing.TB, data string) []recordFile {
	t.Helper()
	status, stdout, stderr := runToEnd(t, keyEnviron, "records", "list", "--json", "--data", data)
	if status != 0 {
		t.Fatalf("records list exits with %d: %s", status, stderr)
	}
	var files []recordFile
	for line := range strings.Lines(stdout) {
		var f recordFile
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("records list printed %q: %v", line, err)
		}
		files = append(files, f)
	}
	return files
}

// path returns where the object of a file in a local bucket is.
func (f recordFile) path(data string) string {
	return filepath.Join(data, "records", bucket, filepath.FromSlash(f.Object))
}

// filesOf returns those files of a stream that have a format, by sequence number.
func filesOf(files []recordFile, stream, format string) []recordFile {
	var list []recordFile
	for _, f := range files {
		if f.Stream == stream && f.Format == format {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b recordFile) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return list
}

// checkReconciled fails unless everything that the server promised is there.
func checkReconciled(t testing.TB, data string, args ...string) {
	t.Helper()
	status, stdout, stderr := runToEnd(t, keyEnviron, append([]string{"records", "reconcile", "--data", data}, args...)...)
	if status != 0 || !strings.Contains(stdout, ": 0 missing") {
		t.Errorf("records reconcile exits with %d\n%s%s", status, stdout, stderr)
	}
}
