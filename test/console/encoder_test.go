package console

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// An encoder is an ffmpeg that pushes slow waves of colour and a tone, in real
// time.
type encoder struct{ *process }

// push starts an encoder that goes on for so many seconds ("" for ever).
func (s *server) push(t testing.TB, stream, seconds string) encoder {
	t.Helper()
	args := []string{"-v", "error", "-nostdin",
		"-re", "-f", "lavfi", "-i", "gradients=size=640x360:rate=25:speed=0.02:seed=4:nb_colors=4:c0=0x16425b:c1=0x2f6690:c2=0x81c3d7:c3=0xf4a259",
		"-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"}
	if seconds != "" {
		args = append(args, "-t", seconds)
	}
	args = append(args, "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p",
		"-g", "25", "-b:v", "600k", "-c:a", "aac", "-f", "flv", s.pushURL(stream))
	return encoder{start(t, "ffmpeg", args...)}
}

// stop ends the push as an encoder does that is told to.
func (e encoder) stop(t testing.TB) {
	t.Helper()
	if err := e.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	<-e.exited
}

// paint renews the picture at path with at most 256 colours, which takes it to a
// third of its size.
func paint(t testing.TB, png []byte, path string) {
	t.Helper()
	raw := path + ".raw.png"
	if err := os.WriteFile(raw, png, 0o644); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(raw)
	cmd := exec.Command("ffmpeg", "-v", "error", "-nostdin", "-y", "-i", raw, "-vf",
		"split[a][b];[a]palettegen=stats_mode=full[p];[b][p]paletteuse=dither=none", "-compression_level", "100", path)
	if printed, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, printed)
	}
}
