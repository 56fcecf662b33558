package samples

import "tallylight/internal/api/reference"

// A Language is one way to write a call.
type Language struct {
	ID    string // for links: go, curl
	Name  string // for people
	File  string // name of the file that the code is for
	Setup string // command that fetches what the code needs; empty if it needs nothing
	// typed says that the SDK has a type for each request, and thus only what its
	// version knows.
	typed bool
	write func(*sample) string
}

// Languages returns all languages, those of the SDKs first.
func Languages() []Language {
	return []Language{
		{ID: "go", Name: "Go (SDK V2.0)", File: "main.go", typed: true, write: writeGo,
			Setup: "go get github.com/alibabacloud-go/live-20161101/v2 github.com/alibabacloud-go/darabonba-openapi/v2 github.com/alibabacloud-go/tea"},
		{ID: "go-v1", Name: "Go (SDK V1.0)", File: "main.go", typed: true, write: writeGoV1,
			Setup: "go get github.com/aliyun/alibaba-cloud-sdk-go"},
		{ID: "python", Name: "Python", File: "main.py", typed: true, write: writePython,
			Setup: "pip install alibabacloud_live20161101"},
		{ID: "java", Name: "Java", File: "Sample.java", typed: true, write: writeJava,
			Setup: "mvn dependency:get -Dartifact=com.aliyun:live20161101:LATEST"},
		{ID: "node", Name: "Node.js", File: "main.js", write: writeNode,
			Setup: "npm install @alicloud/pop-core"},
		{ID: "php", Name: "PHP", File: "main.php", typed: true, write: writePHP,
			Setup: "composer require alibabacloud/live-20161101"},
		{ID: "csharp", Name: "C#", File: "Program.cs", typed: true, write: writeCSharp,
			Setup: "dotnet add package AlibabaCloud.SDK.Live20161101"},
		{ID: "cli", Name: "aliyun CLI", File: "call.sh", write: writeCLI},
		{ID: "curl", Name: "curl", File: "call.sh", write: writeCurl},
	}
}

// For returns the languages that can write an operation: the SDKs do not have
// those that the service does not have, and only curl shows an answer that goes
// on.
func For(op *reference.Operation) (list []Language) {
	for _, l := range Languages() {
		if op.Streams && l.ID != "curl" || op.Own && l.typed {
			continue
		}
		list = append(list, l)
	}
	return list
}
