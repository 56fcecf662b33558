// Package mediatest gives tests real media and a second opinion: sources that
// ffmpeg encodes, and what ffprobe and ffmpeg find in a file. Both programs must
// be installed; a test that needs them fails without.
package mediatest

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

// Run runs a program and returns its standard output. The test fails if the
// program does, or says anything on standard error.
func Run(t testing.TB, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Fatalf("%s: %v\n%s", cmd, err, stderr.String())
	}
	return stdout.String()
}

// DecodedHashes returns the MD5 of each decoded frame of a stream, such as "v:0"
// or "a:0", in presentation order.
func DecodedHashes(t testing.TB, path, stream string, inputOptions ...string) []string {
	t.Helper()
	args := append([]string{"-v", "warning", "-nostdin"}, inputOptions...)
	args = append(args, "-i", path, "-map", "0:"+stream)
	if strings.HasPrefix(stream, "v") {
		args = append(args, "-fps_mode", "passthrough") // frames as they are
	}
	args = append(args, "-f", "framemd5", "-")
	return lastColumn(Run(t, "ffmpeg", args...))
}

// lastColumn returns the last field of each line that is no comment.
func lastColumn(table string) []string {
	var column []string
	for line := range strings.Lines(table) {
		if fields := strings.Fields(line); len(fields) > 0 && line[0] != '#' {
			column = append(column, fields[len(fields)-1])
		}
	}
	return column
}
