package samples

// writeNode writes for @alicloud/pop-core, which takes any operation by its name
// and all values as texts.
func writeNode(s *sample) string {
	c := &code{indent: "  "}
	q := nodeQuoting.quote
	c.line("'use strict';\n")
	c.line("const { RPCClient } = require('@alicloud/pop-core');\n")
	c.block("const client = new RPCClient({", func() {
		c.line("endpoint: %s,", q(s.scheme+"://"+s.host))
		c.line("accessKeyId: process.env.%s,", envID)
		c.line("accessKeySecret: process.env.%s,", envSecret)
		c.line("apiVersion: '2016-11-01',")
	}, "});")
	c.block("const params = {", func() {
		for _, f := range s.fields {
			writeNodeField(c, &f)
		}
	}, "};")
	c.block("client.request("+q(s.op.Name)+", params, { method: 'POST' }).then(", func() {
		c.line("(answer) => console.log(JSON.stringify(answer)),")
		c.block("(err) => {", func() {
			c.line("console.error(err);")
			c.line("process.exitCode = 1;")
		}, "},")
	}, ").finally(() => client.keepAliveAgent.destroy());")
	return c.String()
}

func writeNodeField(c *code, f *field) {
	switch {
	case f.items != nil:
		c.block(f.name+": [", func() {
			for _, item := range f.items {
				c.block("{", func() {
					for _, member := range item {
						writeNodeField(c, &member)
					}
				}, "},")
			}
		}, "],")
	case f.list:
		c.line("%s: [%s],", f.name, quoteAll(nodeQuoting.quote, f.texts))
	default:
		c.line("%s: %s,", f.name, nodeQuoting.quote(f.text))
	}
}
