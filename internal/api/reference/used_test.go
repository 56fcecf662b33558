package reference_test

import (
	"encoding/json"
	"strings"
	"testing"

	"tallylight/internal/api"
	"tallylight/internal/api/reference"
)

func TestEveryTranslationIsUsed(t *testing.T) {
	t.Parallel()
	shown, err := json.Marshal(api.Reference())
	if err != nil {
		t.Fatal(err)
	}
	for _, dictionary := range reference.Dictionaries {
		for english, chinese := range dictionary {
			text, err := json.Marshal(reference.Text{English: english, Chinese: chinese})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(english, "{}") && !strings.Contains(string(shown), string(text)) {
				t.Errorf("%q translates nothing", english)
			}
		}
	}
}
