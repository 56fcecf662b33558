//go:build unix

package pgtest

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Run starts a server for a program that is no test, which has to Stop it.
func Run() (*Server, error) { return start() }

// Stop ends the server at once and deletes its data.
func (s *Server) Stop() error { return s.remove() }

// Process returns the id of the server's first process, which has started the others.
func (s *Server) Process() int { return s.cmd.Process.Pid }

// Create makes an empty database and returns its URL. Nobody drops it before Stop.
func (s *Server) Create(ctx context.Context) (string, error) {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	name := fmt.Sprintf("test%d", databases.Add(1))
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", fmt.Errorf("create database %s: %w", name, err)
	}
	return s.URL(name), nil
}
