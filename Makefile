# Every target does its own set-up. `make help` lists them.

export CGO_ENABLED := 0

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
GOBUILD := go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)'
STATICCHECK := go tool -modfile=tools/go.mod staticcheck

# -count=1 stands where tests start bin/tallylight: go test would take the results of
# another binary from its cache.
.PHONY: help demo build test unit conformance e2e console screenshots chaos powercut outbox race lint fuzz bench generate verify clean

help: ## list the targets
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

demo: build ## see a push recorded and announced, in under a minute
	@bin/tallylight demo

build: ## build bin/tallylight, static, for this machine
	@mkdir -p bin
	$(GOBUILD) -o bin/tallylight ./cmd/tallylight

test: unit conformance e2e console ## run every test; installs what they need if it is missing

unit: ## unit, property, contract and seed-fuzz tests of every package
	@scripts/setup ffmpeg postgresql versitygw strace
	go test ./internal/... ./cmd/... ./test/architecture/... ./test/bench/... ./test/outbox/... ./test/powercut/...
	go test -tags noconsole -run ErrorsPointToTheConsole ./cmd/...

conformance: build ## the official clients, unchanged, against a started server
	@scripts/setup node python curl
	cd test/conformance && TEST_BINARY=$(CURDIR)/bin/tallylight go test -count=1 ./...

e2e: build ## ffmpeg pushes, kill -9, receivers that fail; checked by ffprobe; a short chaos
	@scripts/setup ffmpeg chromium versitygw
	TEST_BINARY=$(CURDIR)/bin/tallylight go test -count=1 ./test/e2e/...
	TEST_BINARY=$(CURDIR)/bin/tallylight go test -count=1 ./test/chaos/...

console: build ## every page of the console in a browser, judged by axe
	@scripts/setup ffmpeg chromium node
	cd test/console && TEST_BINARY=$(CURDIR)/bin/tallylight go test -count=1 ./...

screenshots: build ## renew the pictures of the console in docs/images
	@scripts/setup ffmpeg chromium node
	cd test/console && TEST_BINARY=$(CURDIR)/bin/tallylight go test -count=1 -run TestScreenshots . -screenshots $(CURDIR)/docs/images

SEED ?= 1
ROUNDS ?= 300
chaos: build ## end the server ROUNDS (300) times amid pushes, as SEED (1) plans, and count what is lost
	@scripts/setup ffmpeg versitygw
	TEST_BINARY=$(CURDIR)/bin/tallylight go test ./test/chaos/... -count=1 -v -timeout 0 -seed $(SEED) -rounds $(ROUNDS)

powercut: ## cut the power of a recorded run of the SQLite store ROUNDS (1000) times, as SEED (1) says
	@scripts/setup strace
	go test ./test/powercut/... -count=1 -v -timeout 0 -seed $(SEED) -rounds $(if $(filter file,$(origin ROUNDS)),1000,$(ROUNDS))

KILLS ?= 100
outbox: ## kill the process that commits and delivers KILLS (100) times under load, on both databases, and count what is lost
	@scripts/setup postgresql
	go test ./test/outbox/... -count=1 -v -timeout 30m -kills $(KILLS)

race: ## unit tests under the race detector (needs a C compiler)
	@scripts/setup ffmpeg postgresql versitygw
	CGO_ENABLED=1 go test -race ./internal/... ./cmd/...

lint: ## gofmt, go vet, staticcheck
	@unformatted=$$(gofmt -l cmd internal test tools); if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go vet -tags noconsole ./cmd/...
	GOOS=windows go vet ./internal/... ./cmd/...
	GOOS=darwin go vet ./internal/... ./cmd/...
	$(STATICCHECK) ./...
	cd test/conformance && go vet ./...
	cd test/console && go vet ./...

FUZZTIME ?= 20s
fuzz: ## run every fuzz target for FUZZTIME (20s)
	@scripts/fuzz $(FUZZTIME)

BENCHFLAGS ?=
bench: build ## recording, callbacks, capacity, calls; 35 minutes, or two with BENCHFLAGS=-quick; Debian or Ubuntu
	@scripts/setup nginx-rtmp ffmpeg postgresql
	go run ./test/bench -binary bin/tallylight $(BENCHFLAGS)

generate: ## renew docs/compat and the examples of the reference from the table of operations
	go test ./internal/api -run 'TestTheCompatibilityPagesAreCurrent|MatchTheExamples|MatchesItsExample' -count=1 -update

verify: generate ## fail if generated files were not renewed
	@stale=$$(git status --porcelain docs/compat internal/api/examples internal/api/error_notes.json); if [ -n "$$stale" ]; then echo "make generate changed:"; echo "$$stale"; exit 1; fi

clean: ## remove what was built
	rm -rf bin bench-results
