// Command tallylight is a self-hosted live recorder that speaks the API of
// ApsaraVideo Live.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the linker.
var version = "unknown"

// Exit statuses.
const (
	exitFailed = 1
	exitUsage  = 2
)

// cli is the command line.
type cli struct {
	Serve      serveCommand      `cmd:"" help:"Run the server."`
	Demo       demoCommand       `cmd:"" help:"See a push recorded and announced, on embedded parts, in under a minute."`
	Listen     listenCommand     `cmd:"" help:"Receive callbacks, print them and verify their signatures."`
	Keys       keysCommand       `cmd:"" help:"Make, list, disable and delete access keys."`
	Users      usersCommand      `cmd:"" help:"Manage users and their policies."`
	Records    recordsCommand    `cmd:"" help:"List, export and share record files, and hold them against objects, events and callbacks."`
	Deliveries deliveriesCommand `cmd:"" help:"List callbacks, show their attempts, make them once more."`
	Endpoints  endpointsCommand  `cmd:"" help:"Have further URLs told of a domain's events."`
	Secrets    secretsCommand    `cmd:"" help:"Change the secrets that callbacks are signed with by Standard Webhooks."`
	Events     eventsCommand     `cmd:"" help:"Send a made-up event to try a receiver."`
	Sign       signCommand       `cmd:"" help:"Show how a request is signed."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

// A usageError is a mistake of the caller: exit status 2.
type usageError struct{ error }

// streams are the standard streams that a command prints to.
type streams struct {
	out, err io.Writer
}

type versionCommand struct{}

func (versionCommand) Run(s *streams) error {
	_, err := fmt.Fprintf(s.out, "tallylight %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

func main() {
	// The first signal asks for an orderly end; with the second, the default
	// action of the system ends the process at once.
	ctx, stop := signal.NotifyContext(context.Background(), endSignals()...)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], &streams{os.Stdout, os.Stderr}))
}

// endSignals returns the signals that ask for an orderly end. The end of a terminal is
// one, unless the process was started to survive it, as nohup does.
func endSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// run carries out a command line and returns the exit status.
func run(ctx context.Context, args []string, s *streams) int {
	exited := -1
	parser, err := kong.New(&cli{},
		kong.Name("tallylight"),
		kong.Description("A live recorder that speaks the API of ApsaraVideo Live (2016-11-01).\n\n"+
			"Start with: tallylight demo"),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Writers(s.out, s.err),
		kong.Exit(func(code int) { exited = code }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(s),
	)
	if err != nil {
		panic(err) // the command line itself is wrong
	}
	kctx, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err == nil {
		err = kctx.Run()
	} else {
		err = usageError{err}
	}
	if err == nil {
		return 0
	}
	fmt.Fprintf(s.err, "tallylight: %v\n", err)
	if errors.As(err, new(usageError)) {
		fmt.Fprintln(s.err, "See 'tallylight --help'.")
		return exitUsage
	}
	return exitFailed
}
