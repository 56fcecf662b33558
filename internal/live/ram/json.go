package ram

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// A SyntaxError says what is wrong with the JSON of a policy, and where it stands.
// Line and Column count from 1; a column is a character.
type SyntaxError struct {
	Line, Column int
	Problem      string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("policy: line %d, column %d: %s", e.Line, e.Column, e.Problem)
}

// newSyntaxError finds the line and the column.
func newSyntaxError(document []byte, wrong *misplaced) *SyntaxError {
	before := document[:min(wrong.at, len(document))]
	line := bytes.LastIndexByte(before, '\n') + 1 // where it begins
	return &SyntaxError{
		Line:    bytes.Count(before, []byte("\n")) + 1,
		Column:  utf8.RuneCount(before[line:]) + 1,
		Problem: wrong.problem,
	}
}

// A misplaced is a SyntaxError whose line nobody has counted.
type misplaced struct {
	at      int // offset in bytes
	problem string
}

func (e *misplaced) Error() string { return e.problem }

// A node is a JSON value: a string, json.Number, bool, nil, []node or
// map[string]node.
type node struct {
	at    int // where it begins: offset in bytes
	named int // where its name begins, of a member of an object
	value any
}

// wrong returns an error about the node.
func (n node) wrong(format string, args ...any) error {
	return &misplaced{n.at, fmt.Sprintf(format, args...)}
}

// object returns the members of an object. If names are given, there may be no
// others.
func (n node) object(names ...string) (map[string]node, error) {
	members, ok := n.value.(map[string]node)
	if !ok {
		return nil, n.wrong("an object has to stand here")
	}
	if len(names) > 0 {
		for _, name := range sortedKeys(members) {
			if !slices.Contains(names, name) {
				return nil, &misplaced{members[name].named, fmt.Sprintf("unknown member %.64q", name)}
			}
		}
	}
	return members, nil
}

// texts returns a text or a list of texts. Numbers and booleans, which people
// write in conditions without quotes, are taken as they are spelt.
func (n node) texts(name string) ([]string, error) {
	list, ok := n.value.([]node)
	if !ok {
		list = []node{n}
	}
	if len(list) == 0 {
		return nil, n.wrong("%.64q is an empty list", name)
	}
	out := make([]string, len(list))
	for i, item := range list {
		switch value := item.value.(type) {
		case string:
			out[i] = value
		case json.Number:
			out[i] = value.String()
		case bool:
			out[i] = fmt.Sprint(value)
		default:
			return nil, item.wrong("%.64q has to be a text or a list of texts", name)
		}
	}
	return out, nil
}

func sortedKeys(m map[string]node) []string { return slices.Sorted(maps.Keys(m)) }

// maxDepth is the nesting of the grammar: policy, list, statement, conditions,
// operator, values.
const maxDepth = 6

// A jsonReader reads a document token by token.
type jsonReader struct {
	document []byte
	decoder  *json.Decoder
}

// parseJSON reads one JSON value. Unlike json.Unmarshal it refuses a name that
// occurs twice in an object, of which two readers might each take another one.
func parseJSON(document []byte) (node, error) {
	r := jsonReader{document, json.NewDecoder(bytes.NewReader(document))}
	r.decoder.UseNumber()
	n, err := r.value(maxDepth)
	if err != nil {
		return n, err
	}
	at := r.next()
	if _, err := r.decoder.Token(); err != io.EOF {
		return n, &misplaced{at, "text follows the JSON"}
	}
	return n, nil
}

// next returns where the next token begins.
func (r jsonReader) next() int {
	at := int(r.decoder.InputOffset())
	for at < len(r.document) && strings.IndexByte(" \t\r\n:,", r.document[at]) >= 0 {
		at++
	}
	return at
}

// token returns the next token and where it begins.
func (r jsonReader) token() (json.Token, int, error) {
	at := r.next()
	token, err := r.decoder.Token()
	if err != nil {
		return nil, at, &misplaced{at, fmt.Sprintf("not JSON: %v", err)}
	}
	return token, at, nil
}

func (r jsonReader) value(depth int) (node, error) {
	token, at, err := r.token()
	if err != nil {
		return node{}, err
	}
	n := node{at: at, value: token}
	delim, nested := token.(json.Delim)
	if !nested {
		return n, nil
	}
	if depth == 0 {
		return n, n.wrong("nested too deeply")
	}
	if delim == '[' {
		n.value, err = r.list(depth)
	} else {
		n.value, err = r.members(depth)
	}
	if err == nil {
		_, _, err = r.token() // the closing bracket
	}
	return n, err
}

func (r jsonReader) list(depth int) ([]node, error) {
	list := []node{}
	for r.decoder.More() {
		item, err := r.value(depth - 1)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, nil
}

func (r jsonReader) members(depth int) (map[string]node, error) {
	members := map[string]node{}
	for r.decoder.More() {
		token, at, err := r.token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string) // the decoder takes nothing else here
		if _, ok := members[name]; ok {
			return nil, &misplaced{at, fmt.Sprintf("member %.64q is repeated", name)}
		}
		member, err := r.value(depth - 1)
		if err != nil {
			return nil, err
		}
		member.named = at
		members[name] = member
	}
	return members, nil
}
