//go:build linux

package powercut

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// An opKind is what a system call does to the disk.
type opKind int

const (
	opCreate   opKind = iota // a file that may be there already
	opRemove                 // a file
	opWrite                  // data at an offset
	opTruncate               // to a size
	opSync                   // a file, or the folder
	opAck                    // an Update has returned; data is its id
)

// An op is one system call that has succeeded.
type op struct {
	kind   opKind
	name   string // of the file in the folder; "." for the folder itself
	offset int64  // or size
	data   []byte
	begun  int // how many ops had ended when this one began
}

// traced are the system calls that are recorded: all that change files, and those
// that say which file a descriptor is.
const traced = "open,openat,creat,close,write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync,sync_file_range,msync," +
	"ftruncate,truncate,fallocate,unlink,unlinkat,rename,renameat,renameat2,link,linkat,dup,dup2,dup3,sendfile,copy_file_range"

// record runs the process that writes, in a fresh folder, and returns what it did
// there.
func record(t *testing.T, synchronous string) []op {
	t.Helper()
	folder := t.TempDir()
	log := filepath.Join(t.TempDir(), "trace")
	cmd := exec.CommandContext(t.Context(), "strace", "-f", "--seccomp-bpf", "-xx", "-s", "1000000", "-e", "signal=none", "-e", "trace="+traced, "-o", log, os.Args[0])
	cmd.Env = append(os.Environ(), envFolder+"="+folder, envSynchronous+"="+synchronous)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("strace, which scripts/setup installs: %v\n%s", err, out)
	}
	f, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ops, err := parseTrace(f, folder)
	if err != nil {
		t.Fatal(err)
	}
	return ops
}

// parseTrace reads what strace wrote and returns what happened in folder, by the
// ends of the calls.
func parseTrace(r io.Reader, folder string) ([]op, error) {
	p := parser{folder: folder, files: map[string]string{}, begun: map[string]call{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for n := 1; lines.Scan(); n++ {
		if err := p.line(lines.Text()); err != nil {
			return nil, fmt.Errorf("line %d of the trace: %w: %.200s", n, err, lines.Text())
		}
	}
	return p.ops, lines.Err()
}

// A parser follows the calls of one process, whose threads share descriptors.
type parser struct {
	folder string
	files  map[string]string // descriptor to name in the folder
	begun  map[string]call   // thread to the call that it is in
	ops    []op
}

// A call is the beginning of one that another thread's call interrupts in the
// trace.
type call struct {
	text  string
	begun int
}

var (
	callForm   = regexp.MustCompile(`^(\w+)\((.*)\)\s+= (-?\d+)`)
	stringForm = regexp.MustCompile(`"([^"]*)"(\.\.\.)?`)
)

// line takes one line: a thread and a call, the beginning or the end of one.
func (p *parser) line(line string) error {
	thread, text, _ := strings.Cut(line, " ")
	text = strings.TrimSpace(text)
	begun := len(p.ops)
	if head, ok := strings.CutSuffix(text, "<unfinished ...>"); ok {
		p.begun[thread] = call{strings.TrimRight(head, " "), begun}
		return nil
	}
	if strings.HasPrefix(text, "<... ") {
		_, tail, _ := strings.Cut(text, " resumed>")
		c := p.begun[thread]
		text, begun = c.text+tail, c.begun
	}
	m := callForm.FindStringSubmatch(text)
	if m == nil || strings.HasPrefix(m[3], "-") {
		return nil // a thread that ends, a call that failed
	}
	return p.call(m[1], m[2], m[3], begun)
}

// call takes a call that has succeeded. One that it does not know must not be about
// a file in the folder.
func (p *parser) call(name, args, result string, begun int) error {
	fd, rest, _ := strings.Cut(args, ", ")
	file, ours := p.files[fd]
	switch name {
	case "open", "openat":
		path, err := text(args)
		if err != nil {
			return err
		}
		if file, ours = p.inFolder(path); !ours {
			delete(p.files, result)
			return nil
		}
		p.files[result] = file
		if strings.Contains(args, "O_TRUNC") {
			return fmt.Errorf("%s with O_TRUNC is not simulated", name)
		}
		if strings.Contains(args, "O_CREAT") {
			p.add(op{kind: opCreate, name: file, begun: begun})
		}
		return nil
	case "unlink", "unlinkat":
		path, err := text(args)
		if err != nil {
			return err
		}
		if file, ours = p.inFolder(path); ours {
			p.add(op{kind: opRemove, name: file, begun: begun})
		}
		return nil
	case "creat", "truncate", "rename", "renameat", "renameat2", "link", "linkat":
		for _, s := range stringForm.FindAllString(args, -1) {
			path, err := text(s)
			if err != nil {
				return err
			}
			if _, ours := p.inFolder(path); ours {
				return fmt.Errorf("%s is not simulated", name)
			}
		}
		return nil
	}
	if !ours {
		return nil
	}
	switch name {
	case "close":
		delete(p.files, fd)
		return nil
	case "fsync", "fdatasync":
		p.add(op{kind: opSync, name: file, begun: begun})
		return nil
	case "ftruncate":
		size, err := strconv.ParseInt(rest, 10, 64)
		p.add(op{kind: opTruncate, name: file, offset: size, begun: begun})
		return err
	case "pwrite64":
		data, err := text(args)
		if err != nil {
			return err
		}
		offset, err := strconv.ParseInt(args[strings.LastIndex(args, " ")+1:], 10, 64)
		if strconv.Itoa(len(data)) != result {
			return fmt.Errorf("%s of %d bytes wrote %s", name, len(data), result)
		}
		p.add(op{kind: opWrite, name: file, offset: offset, data: []byte(data), begun: begun})
		return err
	case "write":
		data, err := text(args)
		if err == nil && file != ackName {
			err = fmt.Errorf("%s is not simulated", name)
		}
		p.add(op{kind: opAck, data: []byte(strings.TrimSpace(data)), begun: begun})
		return err
	}
	return fmt.Errorf("%s is not simulated", name)
}

func (p *parser) add(o op) { p.ops = append(p.ops, o) }

// inFolder returns the name of a path in the folder.
func (p *parser) inFolder(path string) (string, bool) {
	name, err := filepath.Rel(p.folder, path)
	return name, err == nil && filepath.IsLocal(name)
}

// text returns the first string in args, all of whose bytes stand in hexadecimal.
func text(args string) (string, error) {
	m := stringForm.FindStringSubmatch(args)
	if m == nil || m[2] != "" {
		return "", fmt.Errorf("no whole string")
	}
	b, err := hex.DecodeString(strings.ReplaceAll(m[1], `\x`, ""))
	return string(b), err
}
