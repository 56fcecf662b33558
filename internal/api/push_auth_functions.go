package api

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
)

// functionAliauth is the one function of domains that there is: push
// authentication.
const functionAliauth = "aliauth"

// maxBatchDomains bounds the domains of one call.
const maxBatchDomains = 50

// Arguments of the function aliauth.
const (
	argAuthType = "auth_type"
	argAuthKey1 = "auth_key1"
	argAuthKey2 = "auth_key2"
	argValidity = "ali_auth_delta" // minutes
	argPlaylist = "auth_m3u8"
)

// A domainFunction is a function as it is set, in JSON.
type domainFunction struct {
	Name     string        `json:"functionName"`
	Args     []functionArg `json:"functionArgs"`
	ConfigID string        `json:"configId"`
}

// A functionArg is an argument of a function, in JSON.
type functionArg struct {
	Name  string `json:"argName"`
	Value any    `json:"argValue"` // a string, if the caller is right
}

// parseFunctions returns the push auth that Functions asks for, without a
// domain, and the id of the config that it wants to change, or "".
func parseFunctions(text string) (auth live.PushAuth, configID string, err error) {
	var functions []domainFunction
	dec := json.NewDecoder(strings.NewReader(text))
	if dec.Decode(&functions) != nil || len(functions) == 0 {
		return auth, "", apierr.InvalidFunctionsMalformed
	}
	if _, err := dec.Token(); err != io.EOF { // something behind the list
		return auth, "", apierr.InvalidFunctionsMalformed
	}
	for _, f := range functions {
		if err := supportedFunction(f.Name); err != nil {
			return auth, "", err
		}
	}
	if len(functions) > 1 { // the same one twice
		return auth, "", apierr.InvalidFunctionsMalformed
	}
	auth, err = parsePushAuth(functions[0].Args)
	return auth, functions[0].ConfigID, err
}

func supportedFunction(name string) error {
	if name != functionAliauth {
		return apierr.FunctionNotSupported(name)
	}
	return nil
}

// parsePushAuth reads the arguments of the function aliauth.
func parsePushAuth(args []functionArg) (live.PushAuth, error) {
	if len(args) == 0 {
		return live.PushAuth{}, apierr.InvalidFunctionArgsMalformed
	}
	values := map[string]string{}
	for _, arg := range args {
		value, isText := arg.Value.(string)
		switch _, twice := values[arg.Name]; {
		case arg.Name == "" || twice:
			return live.PushAuth{}, apierr.InvalidFunctionArgsMalformed
		case !isText:
			return live.PushAuth{}, apierr.InvalidArgValueMalformed
		}
		switch arg.Name {
		case argAuthType, argAuthKey1, argAuthKey2, argValidity, argPlaylist:
			values[arg.Name] = value
		default:
			return live.PushAuth{}, apierr.ArgNameNotSupported(arg.Name)
		}
	}
	return newPushAuth(values)
}

// newPushAuth checks the values of arguments. An empty one counts as absent.
func newPushAuth(values map[string]string) (live.PushAuth, error) {
	a := live.PushAuth{
		Type:     live.PushAuthType(values[argAuthType]),
		Key1:     values[argAuthKey1],
		Key2:     values[argAuthKey2],
		Validity: live.DefaultPushAuthValidity,
	}
	switch a.Type {
	case "":
		return a, apierr.MissingArg(argAuthType)
	case live.PushAuthNone:
	case live.PushAuthA:
		if a.Key1 == "" {
			return a, apierr.MissingArg(argAuthKey1)
		}
	default:
		return a, apierr.ArgMalformed(argAuthType)
	}
	for _, name := range []string{argAuthKey1, argAuthKey2} {
		if key := values[name]; key != "" && live.ValidatePushAuthKey(key) != nil {
			return a, apierr.ArgMalformed(name)
		}
	}
	if text := values[argValidity]; text != "" {
		minutes, err := strconv.Atoi(text)
		if err != nil || minutes < 1 || minutes > int(live.MaxPushAuthValidity/time.Minute) {
			return a, apierr.ArgMalformed(argValidity)
		}
		a.Validity = time.Duration(minutes) * time.Minute
	}
	switch values[argPlaylist] {
	case "on":
		a.PlaylistAuth = true
	case "", "off":
	default:
		return a, apierr.ArgMalformed(argPlaylist)
	}
	return a, nil
}

// splitNames splits a list of names at its commas. It fails where a name is
// empty.
func splitNames(list string) ([]string, error) {
	names := strings.Split(list, ",")
	for _, name := range names {
		if name == "" {
			return nil, fmt.Errorf("an empty name in %.300q", list)
		}
	}
	return names, nil
}

// checkFunctions reports whether every function of a list exists.
func checkFunctions(list string) error {
	names, err := splitNames(list)
	if err != nil {
		return apierr.FunctionNotSupported("")
	}
	for _, name := range names {
		if err := supportedFunction(name); err != nil {
			return err
		}
	}
	return nil
}

// splitDomains splits a list of domains.
func splitDomains(list string) ([]string, error) {
	names, err := splitNames(list)
	if err != nil || len(names) > maxBatchDomains {
		return nil, apierr.Invalid("DomainNames")
	}
	return names, nil
}
