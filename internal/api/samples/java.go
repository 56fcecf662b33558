package samples

// writeJava writes for com.aliyun:live20161101.
func writeJava(s *sample) string {
	c := &code{indent: "    "}
	q := javaQuoting.quote
	request := s.op.Name + "Request"
	if s.hasLists() {
		c.line("import java.util.Arrays;\n")
	}
	c.line("import com.aliyun.live20161101.Client;")
	c.line("import com.aliyun.live20161101.models.%s;", request)
	c.line("import com.aliyun.live20161101.models.%sResponse;", s.op.Name)
	c.line("import com.aliyun.teaopenapi.models.Config;\n")
	c.block("public class Sample {", func() {
		c.block("public static void main(String[] args) throws Exception {", func() {
			c.line("Config config = new Config()")
			c.line("        .setAccessKeyId(System.getenv(%s))", q(envID))
			c.line("        .setAccessKeySecret(System.getenv(%s))", q(envSecret))
			c.line("        .setEndpoint(%s)", q(s.host))
			c.line("        .setProtocol(%s);", q(s.scheme))
			c.line("Client client = new Client(config);")
			c.line("%s request = new %s();", request, request)
			for _, f := range s.fields {
				if f.items == nil {
					c.line("request.set%s(%s);", f.name, javaValue(&f))
					continue
				}
				c.block("request.set"+f.name+"(Arrays.asList(", func() {
					for i, item := range f.items {
						writeJavaItem(c, request+"."+f.itemType(), item, i == len(f.items)-1)
					}
				}, "));")
			}
			c.line("%sResponse response = client.%s(request);", s.op.Name, lowerFirst(s.op.Name))
			c.line("System.out.println(response.getBody().toMap());")
		}, "}")
	}, "}")
	return c.String()
}

// writeJavaItem writes an item of a list by its chained setters.
func writeJavaItem(c *code, class string, item []field, last bool) {
	end := ","
	if last {
		end = ""
	}
	if len(item) == 0 {
		c.line("new %s()%s", class, end)
		return
	}
	c.line("new %s()", class)
	for i, member := range item {
		after := ""
		if i == len(item)-1 {
			after = end
		}
		c.line("        .set%s(%s)%s", member.name, javaValue(&member), after)
	}
}

func javaValue(f *field) string {
	switch {
	case f.list:
		return "Arrays.asList(" + quoteAll(javaQuoting.quote, f.texts) + ")"
	case f.typ == "int64":
		return f.literal() + "L"
	case f.kind == "integer", f.kind == "boolean":
		return f.literal()
	}
	return javaQuoting.quote(f.text)
}

func (s *sample) hasLists() bool {
	for _, f := range s.fields {
		if f.list {
			return true
		}
	}
	return false
}
