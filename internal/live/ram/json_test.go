package ram

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestSyntaxErrorsSayWhere(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, document, want string }{
		{"nothing", ``, "1:1 not JSON"},
		{"no JSON", "{\n  \"Version\": nope}", "2:14 not JSON"},
		{"a bracket is missing", "{\"Version\": \"1\",\n", "2:1 not JSON"},
		{"no object", ` []`, "1:2 an object"},
		{"text behind", "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}\n}", "2:1 text follows"},
		{"a wrong version", "{\n  \"Version\": \"2\"\n}", `2:14 "Version" has`},
		{"no version", `{"Statement": []}`, `1:1 "Version" is missing`},
		{"no statements", `{"Version": "1"}`, `1:1 "Statement" is missing`},
		{"an unknown member", "{\"Version\": \"1\",\n \"Statements\": []}", `2:2 unknown member "Statements"`},
		{"an empty list", `{"Version": "1", "Statement": []}`, `1:31 "Statement" has`},
		{"a repeated member", "{\"Version\": \"1\",\n\"Version\": \"1\"}", `2:1 member "Version" is repeated`},
		{"a wrong effect", policy("\n{\"Effect\":\"Permit\"}"), `2:11 "Effect" has`},
		{"no effect", policy("\n {}"), `2:2 "Effect" is missing`},
		{"no action", policy("\n{\"Effect\":\"Allow\"}"), `2:1 give one of "Action"`},
		{"an action that is no text", policy("\n{\"Effect\":\"Allow\",\"Action\":[\"é\", {}]}"), `2:34 "Action" has`},
		{"a condition that is no object", policy("{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\n\"Condition\":1}"), "2:13 an object"},
		{"a condition without values", policy("{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\n\"Condition\":{\"Bool\":{\"k\":[]}}}"), `2:26 "k" is an empty list`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(tt.document))
			wrong, ok := errors.AsType[*SyntaxError](err)
			if !ok {
				t.Fatalf("error %v", err)
			}
			if got := fmt.Sprintf("%d:%d %s", wrong.Line, wrong.Column, wrong.Problem); !strings.HasPrefix(got, tt.want) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
