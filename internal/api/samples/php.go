package samples

// writePHP writes for alibabacloud/live-20161101.
func writePHP(s *sample) string {
	c := &code{indent: "    "}
	q := phpQuote
	const models = `AlibabaCloud\SDK\Live\V20161101\Models\`
	request := s.op.Name + "Request"
	c.line("<?php\n")
	c.line("require __DIR__ . '/vendor/autoload.php';\n")
	c.line(`use AlibabaCloud\SDK\Live\V20161101\Live;`)
	c.line("use %s%s;", models, request)
	for _, f := range s.fields {
		if f.items != nil {
			c.line(`use %s%s\%s;`, models, request, lowerFirst(f.name))
		}
	}
	c.line("use Darabonba\\OpenApi\\Models\\Config;\n")
	c.block("$client = new Live(new Config([", func() {
		c.line("'accessKeyId' => getenv('%s'),", envID)
		c.line("'accessKeySecret' => getenv('%s'),", envSecret)
		c.line("'endpoint' => %s,", q(s.host))
		c.line("'protocol' => %s,", q(s.scheme))
	}, "]));")
	c.block("$request = new "+request+"([", func() {
		for _, f := range s.fields {
			writePHPField(c, &f)
		}
	}, "]);")
	c.line("$response = $client->%s($request);", lowerFirst(s.op.Name))
	c.line(`echo json_encode($response->body->toMap()), "\n";`)
	return c.String()
}

func writePHPField(c *code, f *field) {
	name := "'" + lowerFirst(f.name) + "'"
	switch {
	case f.items != nil:
		c.block(name+" => [", func() {
			for _, item := range f.items {
				c.block("new "+lowerFirst(f.name)+"([", func() {
					for _, member := range item {
						writePHPField(c, &member)
					}
				}, "]),")
			}
		}, "],")
	case f.list:
		c.line("%s => [%s],", name, quoteAll(phpQuote, f.texts))
	case f.kind == "integer", f.kind == "boolean":
		c.line("%s => %s,", name, f.literal())
	default:
		c.line("%s => %s,", name, phpQuote(f.text))
	}
}
