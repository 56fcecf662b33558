package ram

import (
	"errors"
	"fmt"
)

// MaxDocument bounds the JSON of a policy, in bytes, as with the vendor.
const MaxDocument = 6144

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
// is passed over in silence could be the one that denies. The error for a document
// that is not too long is a *SyntaxError.
func Parse(document []byte) (Policy, error) {
	if len(document) > MaxDocument {
		return Policy{}, fmt.Errorf("policy has %d bytes, at most %d are allowed", len(document), MaxDocument)
	}
	p, err := parsePolicy(document)
	if wrong, ok := errors.AsType[*misplaced](err); ok {
		return Policy{}, newSyntaxError(document, wrong)
	}
	return p, err
}

func parsePolicy(document []byte) (p Policy, err error) {
	root, err := parseJSON(document)
	if err != nil {
		return p, err
	}
	members, err := root.object("Version", "Statement")
	if err != nil {
		return p, err
	}
	version, ok := members["Version"]
	if !ok {
		return p, root.wrong(`"Version" is missing; it has to be "1"`)
	}
	if version.value != "1" {
		return p, version.wrong(`"Version" has to be "1"`)
	}
	statements, ok := members["Statement"]
	if !ok {
		return p, root.wrong(`"Statement" is missing`)
	}
	list, ok := statements.value.([]node)
	if !ok || len(list) == 0 {
		return p, statements.wrong(`"Statement" has to be a list that is not empty`)
	}
	p.Statements = make([]Statement, len(list))
	for i, item := range list {
		if p.Statements[i], err = parseStatement(item); err != nil {
			return p, err
		}
	}
	return p, nil
}

func parseStatement(n node) (s Statement, err error) {
	members, err := n.object("Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
	if err != nil {
		return s, err
	}
	effect, ok := members["Effect"]
	if !ok {
		return s, n.wrong(`"Effect" is missing; it has to be "Allow" or "Deny"`)
	}
	text, _ := effect.value.(string)
	s.Effect = Effect(text)
	if s.Effect != Allow && s.Effect != Deny {
		return s, effect.wrong(`"Effect" has to be "Allow" or "Deny"`)
	}
	if s.Actions, s.NotAction, err = patterns(n, members, "Action"); err != nil {
		return s, err
	}
	if s.Resources, s.NotResource, err = patterns(n, members, "Resource"); err != nil {
		return s, err
	}
	if c, ok := members["Condition"]; ok {
		s.Conditions, err = parseConditions(c)
	}
	return s, err
}

// patterns returns the member name of a statement, or the member Not and name in
// its place.
func patterns(statement node, members map[string]node, name string) (list []string, not bool, err error) {
	n, plain := members[name]
	negated, not := members["Not"+name]
	if plain == not {
		return nil, false, statement.wrong("give one of %q and %q", name, "Not"+name)
	}
	if not {
		name, n = "Not"+name, negated
	}
	list, err = n.texts(name)
	return list, not, err
}

// parseConditions reads {operator: {key: values}}, in the order of the names.
func parseConditions(n node) (list []Condition, err error) {
	operators, err := n.object()
	if err != nil {
		return nil, err
	}
	for _, operator := range sortedKeys(operators) {
		keys, err := operators[operator].object()
		if err != nil {
			return nil, err
		}
		for _, key := range sortedKeys(keys) {
			values, err := keys[key].texts(key)
			if err != nil {
				return nil, err
			}
			list = append(list, Condition{operator, key, values})
		}
	}
	return list, nil
}
