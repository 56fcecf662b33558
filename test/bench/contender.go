//go:build linux

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// A contender is a way to record.
type contender struct {
	name  string
	title string // in tables
	about string
	// streams are how many streams it is measured with, unless the options say
	// otherwise.
	streams []int
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
	// settle is how long after the first frame of the last stream everything has been
	// done that is done once.
	settle time.Duration
	// signal asks the server to end in order, its files finished.
	signal syscall.Signal
	// mallocs returns how many objects the server has allocated; nil where that
	// cannot be asked.
	mallocs func(ctx context.Context) (int64, error)
	api     apiClient // of Tallylight alone
}

// Contenders that others are compared with, that have goals, or that are special.
const (
	contenderFloor      = "raw-batched"
	contenderPlain      = "raw" // nobody is compared with it: it takes part when it is named
	contenderNginx      = "nginx-rtmp"
	contenderFLV        = "tallylight-flv"
	contenderMP4        = "tallylight-mp4"
	contenderHLS        = "tallylight-hls"
	contenderAll        = "tallylight-all"
	contenderChunks128  = "tallylight-flv-128"
	contenderChunks4096 = "tallylight-flv-4096"
)

// Goals are judged with goalStreams; how flat the cost of a stream is, from flatFrom
// to flatTo.
const (
	goalStreams = 100
	flatFrom    = 20
	flatTo      = 500
)

var (
	fewToMany = []int{1, 20, goalStreams, 200}
	atGoal    = []int{goalStreams}
)

// contenders are who takes part, in the order of their turns in the first round.
var contenders = []contender{
	{contenderFLV, "Tallylight, FLV", "Tallylight, FLV", append(slices.Clone(fewToMany), flatTo), setup{formats: []string{"flv"}}.start},
	{contenderMP4, "Tallylight, MP4", "Tallylight, MP4", fewToMany, setup{formats: []string{"mp4"}}.start},
	{contenderHLS, "Tallylight, HLS", "Tallylight, HLS of TS slices of 6 s", fewToMany, setup{formats: []string{formatHLS}}.start},
	{contenderAll, "Tallylight, all three", "Tallylight, FLV, MP4 and HLS at once", fewToMany, setup{formats: []string{"flv", "mp4", formatHLS}}.start},
	{contenderChunks4096, "Tallylight, FLV, chunks of 4 KiB", "Tallylight, FLV, pushed in chunks of 4096 bytes", atGoal, setup{formats: []string{"flv"}, chunkSize: 4096}.start},
	{contenderChunks128, "Tallylight, FLV, chunks of 128 bytes", "Tallylight, FLV, pushed in chunks of 128 bytes", atGoal, setup{formats: []string{"flv"}, chunkSize: 128}.start},
	{contenderNginx, "nginx-rtmp, FLV", "nginx with its RTMP module, record all, FLV", atGoal, startNginx},
	{contenderFloor, "raw copy, batched reads", "a raw copy that is woken by 48 KiB, reads 64 KiB and writes 256 KiB", fewToMany, startRaw(rawBatched)},
	{"raw-polled", "raw copy, common instants", "a raw copy that reads all sockets at the same instants, four times a second, and writes 256 KiB", atGoal, startRaw(rawPolled)},
	{contenderPlain, "raw copy, plain", "a raw copy with 32 KiB reads and a write for each", atGoal, startRaw(rawPlain)},
}

// contenderNamed returns the contender of a name.
func contenderNamed(name string) contender {
	return contenders[slices.IndexFunc(contenders, func(c contender) bool { return c.name == name })]
}

// usualContenders returns the names of who takes part unless the options name others.
func usualContenders() []string {
	return slices.DeleteFunc(contenderNames(), func(name string) bool { return name == contenderPlain })
}

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
			settle:     settleTime,
			signal:     syscall.SIGTERM,
		}, nil
	}
}
