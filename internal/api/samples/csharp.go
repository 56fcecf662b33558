package samples

// writeCSharp writes for AlibabaCloud.SDK.Live20161101.
func writeCSharp(s *sample) string {
	c := &code{indent: "    "}
	q := csharpQuoting.quote
	request := s.op.Name + "Request"
	c.line("using System;")
	if s.hasLists() {
		c.line("using System.Collections.Generic;")
	}
	c.line("using AlibabaCloud.SDK.Live20161101;")
	c.line("using AlibabaCloud.SDK.Live20161101.Models;")
	c.line("using Newtonsoft.Json;\n")
	c.block("var client = new Client(new AlibabaCloud.OpenApiClient.Models.Config\n{", func() {
		c.line("AccessKeyId = Environment.GetEnvironmentVariable(%s),", q(envID))
		c.line("AccessKeySecret = Environment.GetEnvironmentVariable(%s),", q(envSecret))
		c.line("Endpoint = %s,", q(s.host))
		c.line("Protocol = %s,", q(s.scheme))
	}, "});")
	c.block("var request = new "+request+"\n{", func() {
		for _, f := range s.fields {
			writeCSharpField(c, request, &f)
		}
	}, "};")
	c.line("var response = client.%s(request);", s.op.Name)
	c.line("Console.WriteLine(JsonConvert.SerializeObject(response.Body));")
	return c.String()
}

func writeCSharpField(c *code, request string, f *field) {
	switch {
	case f.items != nil:
		class := request + "." + f.itemType()
		c.line("%s = new List<%s>", f.name, class)
		c.block("{", func() {
			for _, item := range f.items {
				c.line("new %s", class)
				c.block("{", func() {
					for _, member := range item {
						writeCSharpField(c, request, &member)
					}
				}, "},")
			}
		}, "},")
	case f.list:
		c.line("%s = new List<string> { %s },", f.name, quoteAll(csharpQuoting.quote, f.texts))
	case f.kind == "integer", f.kind == "boolean":
		c.line("%s = %s,", f.name, f.literal())
	default:
		c.line("%s = %s,", f.name, csharpQuoting.quote(f.text))
	}
}
