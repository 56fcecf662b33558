package config

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// settingsOf returns the document of a YAML file, nil if there is nothing in it but
// comments. A second document is an error.
func settingsOf(data []byte) (settings ast.Node, err error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, withoutSource(err)
	}
	for _, doc := range file.Docs {
		switch doc.Body.(type) {
		case nil, *ast.NullNode, *ast.CommentGroupNode:
			continue
		}
		if settings != nil {
			return nil, mistake(doc.Body, "a second document", "is not read: put all settings into one")
		}
		settings = doc.Body
	}
	return settings, nil
}

// withoutSource returns an error of the YAML package without the lines around the
// mistake, which may hold secrets.
func withoutSource(err error) error { return errors.New(yaml.FormatError(err, false, false)) }

// mistake returns an error that names line and column.
func mistake(at ast.Node, name, says string) error {
	p := at.GetToken().Position
	return fmt.Errorf("[%d:%d] %s %s", p.Line, p.Column, name, says)
}

// checkNode checks that node can be a value of the type: the decoder cuts fractions
// short, and what it refuses it tells in words that only programmers know. Keys that
// nobody knows are left to it. name is the setting's, "" for all of them.
func checkNode(node ast.Node, t reflect.Type, name string) error {
	switch n := node.(type) {
	case *ast.AnchorNode:
		return checkNode(n.Value, t, name)
	case *ast.AliasNode, *ast.TagNode, *ast.NullNode:
		return nil // the first was checked where it stands, the others are the decoder's
	}
	switch t.Kind() {
	case reflect.Pointer:
		return checkNode(node, t.Elem(), name)
	case reflect.Struct, reflect.Map:
		return checkMapping(node, t, name)
	case reflect.Slice:
		return checkList(node, t, name)
	}
	if _, ok := node.(ast.ScalarNode); !ok {
		return mistake(node, name+":", "is not a single value")
	}
	text := node.GetToken().Value
	if err := set(reflect.New(t).Elem(), text); err != nil {
		return mistake(node, name+":", fmt.Sprintf("%s %v", text, err))
	}
	return nil
}

// checkMapping checks the values of a mapping, whose type is a struct or a map.
func checkMapping(node ast.Node, t reflect.Type, name string) error {
	mapping, ok := node.(ast.MapNode)
	if !ok {
		if name == "" {
			return mistake(node, "the file", "is not a list of settings, each NAME: VALUE")
		}
		return mistake(node, name+":", "is not a group of settings, each NAME: VALUE")
	}
	for values := mapping.MapRange(); values.Next(); {
		key := values.Key().String()
		inner := key
		if name != "" {
			inner = name + "." + key
		}
		member, ok := memberType(t, key)
		if !ok {
			continue
		}
		if err := checkNode(values.Value(), member, inner); err != nil {
			return err
		}
	}
	return nil
}

// memberType returns the type of the member that a key names.
func memberType(t reflect.Type, key string) (reflect.Type, bool) {
	if t.Kind() == reflect.Map {
		return t.Elem(), true
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Tag.Get("yaml") == key {
			return f.Type, true
		}
	}
	return nil, false
}

// checkList checks the items of a list.
func checkList(node ast.Node, t reflect.Type, name string) error {
	list, ok := node.(ast.ArrayNode)
	if !ok {
		return mistake(node, name+":", "is not a list, such as [a, b]")
	}
	i := 0
	for items := list.ArrayRange(); items.Next(); i++ {
		if err := checkNode(items.Value(), t.Elem(), fmt.Sprintf("%s[%d]", name, i)); err != nil {
			return err
		}
	}
	return nil
}
