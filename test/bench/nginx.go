//go:build linux

package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// nginxChunkSize is what nginx-rtmp announces unless it is told otherwise.
const nginxChunkSize = 4096

// nginxConfig records every stream. live must be on: without it, nginx-rtmp
// accepts no push. The worker runs as the user who started it.
const nginxConfig = `daemon off;
worker_processes 1;
%s
pid %[2]s/nginx.pid;
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
events { worker_connections 4096; }
rtmp {
	access_log off;
	server {
		listen %[3]s;
		chunk_size %[4]d;
		application %[5]s {
			live on;
			record all;
			record_path %[2]s/records;
			record_suffix .flv;
		}
	}
}
`

func startNginx(ctx context.Context, o options, dir string) (*server, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(filepath.Join(dir, "records"), 0o755); err != nil {
		return nil, err
	}
	user := ""
	if os.Getuid() == 0 {
		user = "user root;"
	}
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(nginxConfig, user, dir, addr, nginxChunkSize, app)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return nil, err
	}
	p, err := startProcess(exec.CommandContext(ctx, "/usr/sbin/nginx", "-p", dir, "-e", "stderr", "-c", conf), filepath.Join(dir, "nginx.log"))
	if err != nil {
		return nil, err
	}
	if err := waitForListener(ctx, addr); err != nil {
		return nil, p.abort(err)
	}
	return &server{
		process:    p,
		target:     target{Protocol: protocolRTMP, Addr: addr, ChunkSize: cmp.Or(o.chunkSize, nginxChunkSize)},
		recordings: filepath.Join(dir, "records", "%s.flv"),
		files:      1,
		settle:     settleTime,
		signal:     syscall.SIGTERM,
	}, nil
}

// freeAddr returns an address of loopback that nobody listens on.
func freeAddr() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// waitForListener waits until addr accepts connections.
func waitForListener(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		nc, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err == nil {
			return nc.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}
