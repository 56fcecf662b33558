package ram

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// MaxDocument bounds the JSON of a policy, in bytes, as with the vendor.
const MaxDocument = 6144

// maxDepth is the nesting of the grammar: policy, list, statement, conditions,
// operator, values.
const maxDepth = 6

// An Effect is what a statement does with what it matches.
type Effect string

const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// A Policy is a list of statements.
type Policy struct {
	Statements []Statement
}

// A Statement allows or denies actions on resources. Its patterns are
// case-sensitive; "*" stands for any characters, also none, "?" for exactly one.
type Statement struct {
	Effect Effect
	// Actions and Resources are patterns, of which one has to match; with
	// NotAction and NotResource, none may.
	Actions     []string
	NotAction   bool
	Resources   []string
	NotResource bool
	// Conditions have to hold all, each for one operator and key.
	Conditions []Condition
}

// A Condition compares a key of the request with values.
type Condition struct {
	Operator string
	Key      string
	Values   []string
}

// Parse reads the JSON of a policy. Members that the grammar does not have are
// refused, and so are spellings of the known ones in another case: a member that
// is passed over in silence could be the one that denies.
func Parse(document []byte) (Policy, error) {
	if len(document) > MaxDocument {
		return Policy{}, fmt.Errorf("policy has %d bytes, at most %d are allowed", len(document), MaxDocument)
	}
	root, err := parseJSON(document)
	if err != nil {
		return Policy{}, fmt.Errorf("policy: %w", err)
	}
	members, err := object(root, "Version", "Statement")
	if err != nil {
		return Policy{}, fmt.Errorf("policy: %w", err)
	}
	if version, ok := members["Version"].(string); !ok || version != "1" {
		return Policy{}, errors.New(`policy: "Version" has to be "1"`)
	}
	list, ok := members["Statement"].([]any)
	if !ok || len(list) == 0 {
		return Policy{}, errors.New(`policy: "Statement" has to be a list that is not empty`)
	}
	p := Policy{Statements: make([]Statement, len(list))}
	for i, item := range list {
		if p.Statements[i], err = parseStatement(item); err != nil {
			return Policy{}, fmt.Errorf("policy: statement %d: %w", i+1, err)
		}
	}
	return p, nil
}

func parseStatement(v any) (s Statement, err error) {
	members, err := object(v, "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
	if err != nil {
		return s, err
	}
	effect, _ := members["Effect"].(string)
	s.Effect = Effect(effect)
	if s.Effect != Allow && s.Effect != Deny {
		return s, errors.New(`"Effect" has to be "Allow" or "Deny"`)
	}
	if s.Actions, s.NotAction, err = patterns(members, "Action"); err != nil {
		return s, err
	}
	if s.Resources, s.NotResource, err = patterns(members, "Resource"); err != nil {
		return s, err
	}
	if c, ok := members["Condition"]; ok {
		s.Conditions, err = parseConditions(c)
	}
	return s, err
}

// patterns returns the member name, or the member Not and name in its place.
func patterns(members map[string]any, name string) (list []string, not bool, err error) {
	v, plain := members[name]
	negated, not := members["Not"+name]
	if plain == not {
		return nil, false, fmt.Errorf("give one of %q and %q", name, "Not"+name)
	}
	if not {
		name, v = "Not"+name, negated
	}
	if list, err = texts(v); err != nil {
		return nil, false, fmt.Errorf("%q %w", name, err)
	}
	return list, not, nil
}

// parseConditions reads {operator: {key: values}}, in the order of the names.
func parseConditions(v any) (list []Condition, err error) {
	operators, err := object(v)
	if err != nil {
		return nil, fmt.Errorf(`"Condition": %w`, err)
	}
	for _, operator := range sortedKeys(operators) {
		keys, err := object(operators[operator])
		if err != nil {
			return nil, fmt.Errorf(`"Condition": %q: %w`, operator, err)
		}
		for _, key := range sortedKeys(keys) {
			values, err := texts(keys[key])
			if err != nil {
				return nil, fmt.Errorf(`"Condition": %q: %q %w`, operator, key, err)
			}
			list = append(list, Condition{operator, key, values})
		}
	}
	return list, nil
}

// texts returns a text or a list of texts. Numbers and booleans, which people
// write in conditions without quotes, are taken as they are spelt.
func texts(v any) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	if len(list) == 0 {
		return nil, errors.New("is an empty list")
	}
	out := make([]string, len(list))
	for i, item := range list {
		switch item := item.(type) {
		case string:
			out[i] = item
		case json.Number:
			out[i] = item.String()
		case bool:
			out[i] = fmt.Sprint(item)
		default:
			return nil, errors.New("has to be a text or a list of texts")
		}
	}
	return out, nil
}

// object returns the members of an object. If names are given, there may be no
// others.
func object(v any, names ...string) (map[string]any, error) {
	members, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("has to be an object")
	}
	if len(names) > 0 {
		for _, name := range sortedKeys(members) {
			if !slices.Contains(names, name) {
				return nil, fmt.Errorf("unknown member %.64q", name)
			}
		}
	}
	return members, nil
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// parseJSON reads one JSON value. Unlike json.Unmarshal it refuses a name that
// occurs twice in an object, of which two readers might each take another one.
func parseJSON(document []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	v, err := parseValue(d, maxDepth)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("text follows the JSON")
	}
	return v, nil
}

func parseValue(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	delim, nested := token.(json.Delim)
	if !nested {
		return token, nil
	}
	if depth == 0 {
		return nil, errors.New("nested too deeply")
	}
	if delim == '[' {
		list := []any{}
		for d.More() {
			item, err := parseValue(d, depth-1)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		return list, closing(d)
	}
	members := map[string]any{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("not JSON: %w", err)
		}
		name, _ := token.(string)
		if _, ok := members[name]; ok {
			return nil, fmt.Errorf("member %.64q is repeated", name)
		}
		if members[name], err = parseValue(d, depth-1); err != nil {
			return nil, err
		}
	}
	return members, closing(d)
}

// closing reads the end of a list or an object.
func closing(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	return nil
}
