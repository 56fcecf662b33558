package config

import "testing"

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "# nothing\n", "http: :80\n", "ingest:\n  idle_timeout: &t 10s\nrecord: {flush_interval: *t}\n",
		"storage:\n  buckets:\n    shows:\n      s3: {endpoint: http://a, part_size: 5MiB}\n",
		"callbacks:\n  limits:\n    - {match: \"*\", rate: .inf}\n  allow_hosts: [a, b]\n", "- a\n", "a: b: c\n", "---\na: 1\n---\nb: 2\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := Default()
		if err := decode(data, &c); err != nil {
			return // refusing is fine; crashing is not
		}
		_ = c.Validate() // has to take whatever could be read
	})
}
