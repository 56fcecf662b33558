package samples

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"tallylight/internal/api/explore"
	"tallylight/internal/api/reference"
	"tallylight/internal/api/wire"
)

// Names of the environment variables that hold the key pair.
const (
	envID     = "ALIBABA_CLOUD_ACCESS_KEY_ID"
	envSecret = "ALIBABA_CLOUD_ACCESS_KEY_SECRET"
)

// A Call is what the code shall do.
type Call struct {
	// Endpoint is scheme, host and port of the server: https://live.example.com
	Endpoint string
	// Params are those of the operation, by their names on the wire:
	// RecordFormat.1.Format.
	Params wire.Params
}

// Errors of Write, which wraps them with the name that they are about.
var (
	// ErrLanguage means that the language does not exist, or has no code for the
	// operation.
	ErrLanguage = errors.New("samples: no code in this language")
	// ErrParam means that the operation does not have the parameter, or that the
	// value is not of its type.
	ErrParam = errors.New("samples: parameter cannot be written")
	// ErrNotInSDK means that the SDK does not have the parameter.
	ErrNotInSDK = errors.New("samples: the SDK does not have the parameter")
)

// Write returns code that makes the call, in the language of the id. The errors
// of explore.ParseEndpoint are among its own.
func Write(language string, op *reference.Operation, c Call) (string, error) {
	available := For(op)
	i := slices.IndexFunc(available, func(l Language) bool { return l.ID == language })
	if i < 0 {
		return "", fmt.Errorf("%w: %.20q", ErrLanguage, language)
	}
	scheme, host, err := explore.ParseEndpoint(c.Endpoint)
	if err != nil {
		return "", err
	}
	for _, p := range c.Params {
		if !utf8.ValidString(p.Value) || strings.ContainsRune(p.Value, 0) {
			return "", fmt.Errorf("%w: %s is no text", ErrParam, p.Name)
		}
	}
	s := &sample{op: op, scheme: scheme, host: host, params: c.Params.Sorted()}
	left := map[string]bool{}
	for _, p := range s.params {
		left[p.Name] = true
	}
	if s.fields, err = newFields(op.Parameters, s.params, "", left); err != nil {
		return "", err
	}
	for _, p := range s.params {
		if left[p.Name] {
			return "", fmt.Errorf("%w: the operation has no %.100s", ErrParam, p.Name)
		}
	}
	if l := available[i]; l.typed {
		// What the first generation lacks can be sent all the same.
		if err := s.setTypes(l.ID == "go-v1"); err != nil {
			return "", err
		}
	}
	return available[i].write(s), nil
}

// A sample is a call on its way to code.
type sample struct {
	op     *reference.Operation
	scheme string
	host   string
	params wire.Params // sorted
	fields []field     // the same as a tree, in the order of the documentation
}

// A field is a parameter that is sent, or a member of an item of one.
type field struct {
	name  string // AppName
	kind  string // as reference.Type names it
	typ   string // of the field in the SDK; empty where it has none
	list  bool
	text  string    // of a value
	texts []string  // of a list of values
	items [][]field // of a list of objects
}

// newFields collects the fields whose parameters stand below prefix. It takes
// from left what it has found.
func newFields(parameters []*reference.Parameter, params wire.Params, prefix string, left map[string]bool) (fields []field, err error) {
	for _, p := range parameters {
		f := field{name: p.Name, kind: p.Type.Name, list: p.Type.List}
		if !f.list {
			value, ok := params.Lookup(prefix + p.Name)
			if !ok {
				continue
			}
			delete(left, prefix+p.Name)
			f.text = value
			if !f.valid() {
				return nil, fmt.Errorf("%w: %s is no %s", ErrParam, prefix+p.Name, f.kind)
			}
			fields = append(fields, f)
			continue
		}
		for _, n := range itemNumbers(params, prefix+p.Name+".", p.MaxItems) {
			name := prefix + p.Name + "." + strconv.Itoa(n)
			if value, ok := params.Lookup(name); ok && p.Items == nil {
				delete(left, name)
				f.texts = append(f.texts, value)
				continue
			}
			item, err := newFields(p.Items, params, name+".", left)
			if err != nil {
				return nil, err
			}
			f.items = append(f.items, item)
		}
		if f.texts != nil || f.items != nil {
			fields = append(fields, f)
		}
	}
	return fields, nil
}

// itemNumbers returns the numbers of the items of a list, sorted.
func itemNumbers(params wire.Params, prefix string, most int) (numbers []int) {
	for _, p := range params {
		rest, ok := strings.CutPrefix(p.Name, prefix)
		if !ok {
			continue
		}
		text, _, _ := strings.Cut(rest, ".")
		n, err := strconv.Atoi(text)
		if err == nil && 1 <= n && n <= most && strconv.Itoa(n) == text && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers
}

// valid reports whether the text can be a literal of its kind.
func (f *field) valid() bool {
	switch f.kind {
	case "integer":
		n, err := strconv.ParseInt(f.text, 10, 64)
		return err == nil && strconv.FormatInt(n, 10) == f.text
	case "boolean":
		_, err := wire.ParseBool(f.text)
		return err == nil
	}
	return true
}

// literal returns the text of an integer or a boolean as code has it.
func (f *field) literal() string {
	if f.kind == "boolean" {
		b, _ := wire.ParseBool(f.text) // valid
		return strconv.FormatBool(b)
	}
	return f.text
}
