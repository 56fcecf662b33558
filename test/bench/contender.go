//go:build linux

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// A contender is a way to record.
type contender struct {
	name  string
	about string
	// start starts a server that keeps everything in dir.
	start func(ctx context.Context, o options, dir string) (*server, error)
}

// A server is a contender that runs.
type server struct {
	process *process
	target  target
	// recordings is the pattern of the files of a stream, %s for its name, and
	// files how many there must be.
	recordings string
	files      int
	// signal asks the server to end in order, its files finished.
	signal syscall.Signal
	// mallocs returns how many objects the server has allocated; nil where that
	// cannot be asked.
	mallocs func(ctx context.Context) (int64, error)
}

// contenders are who takes part, in the order of their turns in the first round.
var contenders = []contender{
	{contenderRaw, "reads sockets, writes files: 32 KiB reads, a write for each", startRaw(rawPlain)},
	{contenderFloor, "the same, but is woken by 48 KiB, reads 64 KiB and writes 256 KiB", startRaw(rawBatched)},
	{"raw-polled", "reads all sockets at the same instants, four times a second, and writes 256 KiB", startRaw(rawPolled)},
	{contenderNginx, "nginx with its RTMP module, record all, FLV", startNginx},
	{"tallylight-flv", "Tallylight, FLV", startTallylight("flv")},
	{"tallylight-mp4", "Tallylight, MP4", startTallylight("mp4")},
	{"tallylight-flv+mp4", "Tallylight, FLV and MP4 at once", startTallylight("flv", "mp4")},
}

// Contenders that others are compared with.
const (
	contenderRaw   = "raw"
	contenderFloor = "raw-batched"
	contenderNginx = "nginx-rtmp"
)

func contenderNames() []string {
	names := make([]string, len(contenders))
	for i, c := range contenders {
		names[i] = c.name
	}
	return names
}

// startRaw runs this program as a raw server.
func startRaw(mode string) func(context.Context, options, string) (*server, error) {
	return func(ctx context.Context, _ options, dir string) (*server, error) {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		p, said, err := startAndScan(exec.CommandContext(ctx, self, roleRaw, mode, dir), filepath.Join(dir, "raw.log"))
		if err != nil {
			return nil, err
		}
		return &server{
			process:    p,
			target:     target{Protocol: protocolRaw, Addr: said["addr"]},
			recordings: filepath.Join(dir, "%s.flv"),
			files:      1,
			signal:     syscall.SIGTERM,
		}, nil
	}
}
