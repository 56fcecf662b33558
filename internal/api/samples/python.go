package samples

import "strings"

// writePython writes for alibabacloud_live20161101.
func writePython(s *sample) string {
	c := &code{indent: "    "}
	q := pythonQuoting.quote
	c.line("import os\n")
	c.line("from alibabacloud_live20161101 import models as live_models")
	c.line("from alibabacloud_live20161101.client import Client")
	c.line("from alibabacloud_tea_openapi import models as open_api_models\n")
	c.block("config = open_api_models.Config(", func() {
		c.line("access_key_id=os.environ[%s],", q(envID))
		c.line("access_key_secret=os.environ[%s],", q(envSecret))
		c.line("endpoint=%s,", q(s.host))
		c.line("protocol=%s,", q(s.scheme))
	}, ")")
	c.line("client = Client(config)")
	c.block("request = live_models."+s.op.Name+"Request(", func() {
		for _, f := range s.fields {
			writePythonField(c, &f)
		}
	}, ")")
	c.line("response = client.%s(request)", snake(s.op.Name))
	c.line("print(response.body.to_map())")
	return c.String()
}

func writePythonField(c *code, f *field) {
	switch {
	case f.items != nil:
		c.block(snake(f.name)+"=[", func() {
			for _, item := range f.items {
				c.block("live_models."+f.itemType()+"(", func() {
					for _, member := range item {
						writePythonField(c, &member)
					}
				}, "),")
			}
		}, "],")
	case f.list:
		c.line("%s=[%s],", snake(f.name), quoteAll(pythonQuoting.quote, f.texts))
	case f.kind == "boolean":
		literal := f.literal()
		c.line("%s=%s,", snake(f.name), strings.ToUpper(literal[:1])+literal[1:])
	case f.kind == "integer":
		c.line("%s=%s,", snake(f.name), f.literal())
	default:
		c.line("%s=%s,", snake(f.name), pythonQuoting.quote(f.text))
	}
}
