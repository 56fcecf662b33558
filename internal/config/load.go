package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// envPrefix begins the names of the environment variables of settings.
const envPrefix = "TALLYLIGHT_"

// Names of the environment variables that are no settings: the key pair that
// the server is to accept.
const (
	EnvAccessKeyID     = envPrefix + "ACCESS_KEY_ID"
	EnvAccessKeySecret = envPrefix + "ACCESS_KEY_SECRET"
)

// Load returns the defaults, overridden by the file at path unless path is
// empty, then by the settings in environ (KEY=VALUE each). It does not Validate:
// flags may follow.
func Load(path string, environ []string) (Config, error) {
	c := Default()
	if path != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			return c, fmt.Errorf("read configuration: %w", err)
		}
		if err := decode(data, &c); err != nil {
			return c, fmt.Errorf("configuration %s: %w", path, err)
		}
	}
	return c, applyEnv(&c, environ)
}

// decode reads YAML strictly: errors name line and column.
func decode(data []byte, c *Config) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	if err := checkQuantities(data); err != nil {
		return err
	}
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(c); err != nil {
		// Without the lines around the mistake, which may hold secrets.
		return errors.New(yaml.FormatError(err, false, false))
	}
	return nil
}

// checkQuantities finds ill-typed durations and sizes, for which the decoder's own
// error has no line.
func checkQuantities(data []byte) error {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return err
	}
	settings := make(map[string]reflect.Value)
	collect(reflect.ValueOf(new(Config)).Elem(), "$.", ".", settings)
	for i := 0; find(file, fmt.Sprintf("$.record.retention[%d]", i)) != nil; i++ {
		settings[fmt.Sprintf("$.record.retention[%d].keep", i)] = reflect.ValueOf(new(time.Duration)).Elem()
	}
	if buckets, ok := find(file, "$.storage.buckets").(ast.MapNode); ok {
		for bucket := buckets.MapRange(); bucket.Next(); {
			for _, store := range []string{"s3", "oss"} {
				settings[fmt.Sprintf("$.storage.buckets.%s.%s.part_size", bucket.Key(), store)] = reflect.ValueOf(new(Size)).Elem()
			}
		}
	}
	for name, setting := range settings {
		if t := setting.Type(); t != reflect.TypeFor[time.Duration]() && t != reflect.TypeFor[Size]() {
			continue
		}
		node := find(file, name)
		if node == nil {
			continue
		}
		if err := set(setting, strings.Trim(node.String(), `"'`)); err != nil {
			at := node.GetToken().Position
			return fmt.Errorf("[%d:%d] %s: %s %w", at.Line, at.Column, strings.TrimPrefix(name, "$."), node, err)
		}
	}
	return nil
}

// find returns the node of a file that a path leads to, nil if there is none.
func find(file *ast.File, path string) ast.Node {
	p, err := yaml.PathString(path)
	if err != nil {
		return nil
	}
	node, err := p.FilterFile(file)
	if err != nil {
		return nil
	}
	return node
}

// applyEnv sets what the environment names.
func applyEnv(c *Config, environ []string) error {
	settings := make(map[string]reflect.Value)
	collect(reflect.ValueOf(c).Elem(), "", "_", settings)
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, envPrefix) || name == EnvAccessKeyID || name == EnvAccessKeySecret {
			continue
		}
		setting, ok := settings[strings.ToLower(strings.TrimPrefix(name, envPrefix))]
		if !ok {
			return fmt.Errorf("environment variable %s: no such setting", name)
		}
		if err := set(setting, value); err != nil {
			return fmt.Errorf("environment variable %s: %q %w", name, value, err)
		}
	}
	return nil
}

// collect finds the settings of v that a single value can express, by their
// names after prefix.
func collect(v reflect.Value, prefix, separator string, settings map[string]reflect.Value) {
	for i := range v.NumField() {
		name := prefix + v.Type().Field(i).Tag.Get("yaml")
		switch field := v.Field(i); field.Kind() {
		case reflect.Struct:
			collect(field, name+separator, separator, settings)
		case reflect.Map: // what the file names
			for names := field.MapRange(); names.Next(); {
				key := names.Key().String()
				if separator == "_" {
					key = strings.ReplaceAll(key, "-", "_")
				}
				collect(names.Value(), name+separator+key+separator, separator, settings)
			}
		case reflect.Slice:
			if field.Type().Elem().Kind() != reflect.Struct { // else the file only
				settings[name] = field
			}
		case reflect.Pointer:
			if !field.IsNil() {
				collect(field.Elem(), name+separator, separator, settings)
			}
		default:
			if field.CanSet() { // not the value of a map
				settings[name] = field
			}
		}
	}
}

// set parses value into a setting.
func set(setting reflect.Value, value string) error {
	switch p := setting.Addr().Interface().(type) {
	case *string:
		*p = value
	case *bool:
		b, err := strconv.ParseBool(value)
		if err != nil {
			return fmt.Errorf("is not true or false")
		}
		*p = b
	case *int:
		n, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("is not a whole number")
		}
		*p = n
	case *float64:
		f, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return fmt.Errorf("is not a number")
		}
		*p = f
	case *time.Duration:
		d, err := time.ParseDuration(value)
		if err != nil {
			return fmt.Errorf("is not a duration such as 500ms or 10s")
		}
		*p = d
	case *Size:
		size, err := ParseSize(value)
		if err != nil {
			return err
		}
		*p = size
	case *[]string:
		*p = nil
		for item := range strings.SplitSeq(value, ",") {
			if item = strings.TrimSpace(item); item != "" {
				*p = append(*p, item)
			}
		}
	default:
		panic("config: setting of unknown type " + setting.Type().String())
	}
	return nil
}
