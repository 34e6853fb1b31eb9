package examples_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"smartlink/examples"
)

func TestNumberedMakesAnotherBusinessFact(t *testing.T) {
	for name, document := range map[string]string{
		examples.FinLanInc: "CT-0042/03-7", examples.FinLanAlt: "", examples.FinXCXInc: "CT-0042-7", examples.FinXCXAlt: "", examples.CtbLanInc: "", examples.CtbLanAlt: "",
	} {
		body, got, err := examples.Numbered(name, "-7")
		if err != nil || got != document {
			t.Errorf("%s: document %q, %v", name, got, err)
		}
		var before, after struct{ Header struct{ BusinessKey string } }
		if json.Unmarshal(examples.Body(name), &before) != nil || json.Unmarshal(body, &after) != nil || after.Header.BusinessKey != before.Header.BusinessKey+"-7" {
			t.Errorf("%s: key %q", name, after.Header.BusinessKey)
		}
		if restored := strings.ReplaceAll(string(body), `-7"`, `"`); restored != string(examples.Body(name)) {
			t.Errorf("%s: more was changed:\n%s", name, body)
		}
	}
}

func TestOfNamesTheRecordThatIsEdited(t *testing.T) {
	body := examples.Of(examples.Body(examples.CtbLanAlt), map[string]int64{"IdLancamento": 812, "CodColigada": 1, "Nothing": 5})
	if want := bytes.Replace(examples.Body(examples.CtbLanAlt), []byte(`"IdLancamento": 1`), []byte(`"IdLancamento": 812`), 1); !bytes.Equal(body, want) {
		t.Errorf("%s", body)
	}
	if !bytes.Contains(examples.Body(examples.CtbLanAlt), []byte(`"IdLancamento": 1,`)) {
		t.Error("the example itself changed")
	}
}
