//go:build unix

package callback

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"tallylight/internal/store"
	"tallylight/internal/store/postgres"
	"tallylight/internal/store/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// TestEnginesOnPostgreSQLAgreeWithAModel has two nodes share a database.
func TestEnginesOnPostgreSQLAgreeWithAModel(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	testEngineModel(t, modelBackend{nodes: 2, share: 5, fresh: func(t *testing.T) (func(string) (store.Store, error), func() (store.Store, error)) {
		emptyDatabase(t, url)
		open := func(node string) (store.Store, error) {
			return postgres.Open(context.Background(), url, postgres.Options{Node: node})
		}
		join := func() (store.Store, error) { return postgres.Join(context.Background(), url) }
		return open, join
	}})
}

// emptyDatabase deletes all that a store has kept in a database.
func emptyDatabase(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), `DO $$
		DECLARE kept text;
		BEGIN
			SELECT string_agg(format('%I', tablename), ', ') INTO kept FROM pg_tables
			WHERE schemaname = current_schema() AND tablename <> 'schema_migrations';
			IF kept IS NOT NULL THEN EXECUTE 'TRUNCATE ' || kept; END IF;
		END $$`)
	if err != nil {
		t.Fatal(err)
	}
}
