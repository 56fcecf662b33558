// Command sample prints the sample code of calls, for the tests that run it.
//
// Standard input is a JSON list of calls:
//
//	[{"language": "go", "action": "AddLiveDomain", "endpoint": "http://127.0.0.1:8080", "params": {"DomainName": "a.example.com"}}]
//
// Standard output is a JSON list of the codes. A call without params has all
// parameters of the operation, with the values of their examples.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"tallylight/internal/api"
	"tallylight/internal/api/reference"
	"tallylight/internal/api/samples"
	"tallylight/internal/api/wire"
)

type call struct {
	Language string
	Action   string
	Endpoint string
	Params   map[string]string
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "sample:", err)
		os.Exit(1)
	}
}

func run() error {
	var calls []call
	if err := json.NewDecoder(os.Stdin).Decode(&calls); err != nil {
		return err
	}
	codes := make([]string, len(calls))
	for i, c := range calls {
		op := api.Reference().Operation(c.Action)
		if op == nil {
			return fmt.Errorf("no operation %s", c.Action)
		}
		var params wire.Params
		if c.Params == nil {
			params = exampleParams(op.Parameters, "")
		}
		for name, value := range c.Params {
			params = append(params, wire.Param{Name: name, Value: value})
		}
		var err error
		if codes[i], err = samples.Write(c.Language, op, samples.Call{Endpoint: c.Endpoint, Params: params}); err != nil {
			return fmt.Errorf("%s of %s: %w", c.Action, c.Language, err)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(codes)
}

// exampleParams returns the parameters with the values of their examples, one
// item of each list. It leaves out DryRun, which the SDKs do not have.
func exampleParams(list []*reference.Parameter, prefix string) (params wire.Params) {
	for _, p := range list {
		name := prefix + p.Name
		switch {
		case p.Name == "DryRun":
		case !p.Type.List:
			params = append(params, wire.Param{Name: name, Value: p.Example})
		case p.Items == nil:
			params = append(params, wire.Param{Name: name + ".1", Value: p.Example})
		default:
			params = append(params, exampleParams(p.Items, name+".1.")...)
		}
	}
	return params
}
