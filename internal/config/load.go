package config

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
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
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // some editors put that before a file
	settings, err := settingsOf(data)
	if err != nil || settings == nil {
		return err
	}
	if err := checkNode(settings, reflect.TypeFor[Config](), ""); err != nil {
		return err
	}
	if err := yaml.NodeToValue(settings, c, yaml.Strict()); err != nil {
		return withoutSource(err)
	}
	return nil
}

// applyEnv sets what the environment names.
func applyEnv(c *Config, environ []string) error {
	settings := make(map[string]reflect.Value)
	collect(reflect.ValueOf(c).Elem(), "", settings)
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

// collect finds the settings of v that an environment variable can express, by the
// ends of their variables' names, which begin with prefix.
func collect(v reflect.Value, prefix string, settings map[string]reflect.Value) {
	for i := range v.NumField() {
		name := prefix + v.Type().Field(i).Tag.Get("yaml")
		switch field := v.Field(i); field.Kind() {
		case reflect.Struct:
			collect(field, name+"_", settings)
		case reflect.Map: // what the file names
			for names := field.MapRange(); names.Next(); {
				key := strings.ReplaceAll(names.Key().String(), "-", "_")
				collect(names.Value(), name+"_"+key+"_", settings)
			}
		case reflect.Slice:
			if field.Type().Elem().Kind() != reflect.Struct { // else the file only
				settings[name] = field
			}
		case reflect.Pointer:
			if !field.IsNil() {
				collect(field.Elem(), name+"_", settings)
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
