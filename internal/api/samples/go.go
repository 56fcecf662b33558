package samples

import (
	"go/format"
	"strconv"
	"strings"
)

// writeGo writes for github.com/alibabacloud-go/live-20161101.
func writeGo(s *sample) string {
	c := &code{indent: "\t"}
	c.line("package main\n")
	c.line("import (\n\t\"fmt\"\n\t\"log\"\n\t\"os\"\n")
	c.line("\topenapi \"github.com/alibabacloud-go/darabonba-openapi/v2/client\"")
	c.line("\tlive \"github.com/alibabacloud-go/live-20161101/v2/client\"")
	c.line("\t\"github.com/alibabacloud-go/tea/tea\"\n)\n")
	c.block("func main() {", func() {
		c.block("client, err := live.NewClient(&openapi.Config{", func() {
			c.line("AccessKeyId: tea.String(os.Getenv(%q)),", envID)
			c.line("AccessKeySecret: tea.String(os.Getenv(%q)),", envSecret)
			c.line("Endpoint: tea.String(%q),", s.host)
			c.line("Protocol: tea.String(%q),", s.scheme)
		}, "})")
		c.line("if err != nil {\n\t\tlog.Fatal(err)\n\t}")
		c.block("response, err := client."+s.op.Name+"(&live."+s.op.Name+"Request{", func() {
			for _, f := range s.fields {
				writeGoField(c, &f)
			}
		}, "})")
		c.line("if err != nil {\n\t\tlog.Fatal(err)\n\t}")
		c.line("fmt.Println(response.Body)")
	}, "}")
	return formatGo(c)
}

func writeGoField(c *code, f *field) {
	switch {
	case f.items != nil:
		c.block(f.name+": []*live."+f.itemType()+"{", func() {
			for _, item := range f.items {
				c.block("{", func() {
					for _, member := range item {
						writeGoField(c, &member)
					}
				}, "},")
			}
		}, "},")
	case f.list:
		c.line("%s: tea.StringSlice([]string{%s}),", f.name, quoteAll(strconv.Quote, f.texts))
	case f.typ == "string":
		c.line("%s: tea.String(%q),", f.name, f.text)
	default: // int32, int64, bool
		c.line("%s: tea.%s(%s),", f.name, strings.ToUpper(f.typ[:1])+f.typ[1:], f.literal())
	}
}

// formatGo returns the code as gofmt has it.
func formatGo(c *code) string {
	formatted, err := format.Source([]byte(c.String()))
	if err != nil {
		return c.String() // a fuzz test sees that this does not happen
	}
	return string(formatted)
}
