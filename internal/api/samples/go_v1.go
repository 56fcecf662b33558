package samples

import "strconv"

// writeGoV1 writes for github.com/aliyun/alibaba-cloud-sdk-go. Parameters that
// are younger than this SDK travel beside its request types.
func writeGoV1(s *sample) string {
	c := &code{indent: "\t"}
	c.line("package main\n")
	c.line("import (\n\t\"fmt\"\n\t\"log\"\n\t\"os\"\n")
	if s.hasNumbers() {
		c.line("\t\"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests\"")
	}
	c.line("\t\"github.com/aliyun/alibaba-cloud-sdk-go/services/live\"\n)\n")
	c.block("func main() {", func() {
		c.line("client, err := live.NewClientWithAccessKey(\"cn-shanghai\", os.Getenv(%q), os.Getenv(%q))", envID, envSecret)
		c.line("if err != nil {\n\t\tlog.Fatal(err)\n\t}")
		c.line("client.Domain = %q\n", s.host)
		c.line("request := live.Create%sRequest()", s.op.Name)
		c.line("request.Scheme = %q", s.scheme)
		for _, f := range s.fields {
			switch {
			case f.items != nil:
				c.block("request."+f.name+" = &[]live."+f.itemType()+"{", func() {
					for _, item := range f.items {
						c.block("{", func() {
							for _, member := range item {
								c.line("%s: %q,", member.name, member.text)
							}
						}, "},")
					}
				}, "}")
			case f.list:
				c.line("request.%s = &[]string{%s}", f.name, quoteAll(strconv.Quote, f.texts))
			case f.typ == "":
				c.line("request.QueryParams[%q] = %q", f.name, f.text)
			case f.typ == "string":
				c.line("request.%s = %q", f.name, f.text)
			default: // Integer, Boolean
				c.line("request.%s = requests.New%s(%s)", f.name, f.typ, f.literal())
			}
		}
		c.line("response, err := client.%s(request)", s.op.Name)
		c.line("if err != nil {\n\t\tlog.Fatal(err)\n\t}")
		c.line("fmt.Println(response.GetHttpContentString())")
	}, "}")
	return formatGo(c)
}

// hasNumbers reports whether a field is a number or a boolean to the first
// generation.
func (s *sample) hasNumbers() bool {
	for _, f := range s.fields {
		if f.typ == "Integer" || f.typ == "Boolean" {
			return true
		}
	}
	return false
}
