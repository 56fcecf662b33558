package samples

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
)

// sdkTypesJSON is written by the conformance suite from the official SDKs.
//
//go:embed sdk_types.json
var sdkTypesJSON []byte

// An sdkOperation is what the two generations of the SDK for Go have of an
// operation: the types of the fields of its request, by the names of the
// parameters. The SDKs of other languages are generated from what the second is
// generated from.
type sdkOperation struct {
	V1 map[string]string `json:"v1"`
	V2 map[string]string `json:"v2"`
}

var sdkTypes = sync.OnceValue(func() (types map[string]sdkOperation) {
	if err := json.Unmarshal(sdkTypesJSON, &types); err != nil {
		panic("samples: sdk_types.json: " + err.Error()) // a test reads it
	}
	return types
})

// setTypes gives the fields the types that they have in the SDK.
func (s *sample) setTypes(v1 bool) error {
	types := sdkTypes()[s.op.Name].V2
	if v1 {
		types = sdkTypes()[s.op.Name].V1
	}
	return setTypes(s.fields, types, "", v1)
}

// setTypes fails for a field that the SDK does not have, unless it is a parameter
// of one value and such may lack.
func setTypes(fields []field, types map[string]string, prefix string, mayLack bool) error {
	for i := range fields {
		f := &fields[i]
		f.typ = types[prefix+f.name]
		if f.typ == "" && (!mayLack || prefix != "" || f.list) {
			return fmt.Errorf("%w: %s", ErrNotInSDK, prefix+f.name)
		}
		if _, err := strconv.ParseInt(f.text, 10, 32); f.typ == "int32" && err != nil {
			return fmt.Errorf("%w: %s is no integer of 32 bits", ErrParam, prefix+f.name)
		}
		for _, item := range f.items {
			if err := setTypes(item, types, prefix+f.name+".", mayLack); err != nil {
				return err
			}
		}
	}
	return nil
}
