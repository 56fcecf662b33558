package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"testing"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	v2 "github.com/alibabacloud-go/live-20161101/v2/client"
	"github.com/alibabacloud-go/tea/tea"
	v1errors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	v1 "github.com/aliyun/alibaba-cloud-sdk-go/services/live"
)

// params are the parameters of a call, by their names on the wire: strings,
// booleans, integers, []string and []params.
type params map[string]any

// A result is what a client makes of an answer.
type result struct {
	body any    // the SDK's response, nil after a refusal
	raw  []byte // the answer as it came, if the SDK shows it
	// Of a refusal:
	code    string
	status  int
	message string
}

// A client is one way in which an official SDK calls the server.
type client struct {
	name string
	call func(t *testing.T, op operation, p params) result
}

// clients returns every client, pointed at a server.
func clients(t *testing.T, addr string) []client {
	return []client{
		{"go-v1", v1Caller(t, addr, func(*requests.RpcRequest) {})},
		{"go-v1 by GET", v1Caller(t, addr, func(r *requests.RpcRequest) { r.Method = requests.GET })},
		{"go-v2", v2Caller(t, addr, "")},
		{"go-v2 with SM3", v2Caller(t, addr, "ACS3-HMAC-SM3")},
		{"go-v2 with the RPC signature", v2Caller(t, addr, "v2")},
		{"node", nodeCaller(t, addr, "GET")},
		{"node by POST", nodeCaller(t, addr, "POST")},
	}
}

// v1Caller calls by the SDK of the first generation. The request is made by the
// SDK's own constructor; adjust may change it before it is sent.
func v1Caller(t *testing.T, addr string, adjust func(*requests.RpcRequest)) func(*testing.T, operation, params) result {
	t.Helper()
	sdk, err := v1.NewClientWithAccessKey("cn-shanghai", accessKeyID, accessKeySecret)
	if err != nil {
		t.Fatal(err)
	}
	sdk.Domain = addr
	return func(t *testing.T, op operation, p params) result {
		t.Helper()
		request := reflect.ValueOf(op.newV1).Call(nil)[0]
		rpc := request.Elem().FieldByName("RpcRequest").Interface().(*requests.RpcRequest)
		for name, value := range p {
			if !setV1(request.Elem(), name, value) {
				rpc.QueryParams[name] = fmt.Sprint(value) // younger than the SDK
			}
		}
		adjust(rpc)
		out := reflect.ValueOf(sdk).MethodByName(op.action).Call([]reflect.Value{request})
		if err, _ := out[1].Interface().(error); err != nil {
			var refusal *v1errors.ServerError
			if !errors.As(err, &refusal) {
				t.Fatalf("%s: %v", op.action, err)
			}
			return result{code: refusal.ErrorCode(), status: refusal.HttpStatus(), message: refusal.Message()}
		}
		response := out[0].Interface().(interface{ GetHttpContentBytes() []byte })
		return result{body: response, raw: response.GetHttpContentBytes()}
	}
}

// setV1 sets the field of a request struct that carries the parameter, and
// reports whether there is one.
func setV1(request reflect.Value, name string, value any) bool {
	for i := range request.NumField() {
		if request.Type().Field(i).Tag.Get("name") != name {
			continue
		}
		field := request.Field(i)
		switch value := value.(type) {
		case []string:
			field.Set(reflect.ValueOf(&value))
		case []params:
			list := reflect.New(field.Type().Elem())
			for _, members := range value {
				item := reflect.New(list.Elem().Type().Elem()).Elem()
				for member, v := range members {
					if !setV1(item, member, v) {
						panic("no member " + member + " in " + item.Type().String())
					}
				}
				list.Elem().Set(reflect.Append(list.Elem(), item))
			}
			field.Set(list)
		default:
			field.SetString(fmt.Sprint(value))
		}
		return true
	}
	return false
}

// v2Caller calls by the SDK of the second generation.
func v2Caller(t *testing.T, addr, algorithm string) func(*testing.T, operation, params) result {
	t.Helper()
	config := &openapi.Config{
		AccessKeyId:     tea.String(accessKeyID),
		AccessKeySecret: tea.String(accessKeySecret),
		Endpoint:        tea.String(addr),
		Protocol:        tea.String("http"),
	}
	if algorithm != "" {
		config.SignatureAlgorithm = tea.String(algorithm)
	}
	sdk, err := v2.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T, op operation, p params) result {
		t.Helper()
		method := reflect.ValueOf(sdk).MethodByName(op.action)
		request := reflect.New(method.Type().In(0).Elem())
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, request.Interface()); err != nil {
			t.Fatal(err)
		}
		out := method.Call([]reflect.Value{request})
		if err, _ := out[1].Interface().(error); err != nil {
			var refusal *tea.SDKError
			if !errors.As(err, &refusal) {
				t.Fatalf("%s: %T %v", op.action, err, err)
			}
			return result{code: tea.StringValue(refusal.Code), status: tea.IntValue(refusal.StatusCode), message: tea.StringValue(refusal.Message)}
		}
		if status := out[0].Elem().FieldByName("StatusCode").Elem().Int(); status != http.StatusOK {
			t.Errorf("%s: status %d", op.action, status)
		}
		return result{body: out[0].Elem().FieldByName("Body").Interface()}
	}
}

// v2Body returns the type that the SDK of the second generation, the one that
// is kept up to date, has for answers to an action.
func v2Body(action string) reflect.Type {
	method, _ := reflect.TypeFor[*v2.Client]().MethodByName(action)
	field, _ := method.Type.Out(0).Elem().FieldByName("Body")
	return field.Type.Elem()
}
