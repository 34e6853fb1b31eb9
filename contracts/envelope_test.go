package contracts_test

import (
	"strings"
	"testing"

	"smartlink/contracts"
)

func TestDecodeFindsTheDataOfEveryDialect(t *testing.T) {
	const data = `{"Cod": 1, "Nome": "A", "Num": "x"}`
	for name, tc := range map[string]struct{ body, at string }{
		"header and data":            {`{"header": {"type": "ThingInc"}, "data": ` + data + `}`, "/data"},
		"data before header":         {`{"data": ` + data + `, "header": {}}`, "/data"},
		"header and content":         {`{"header": {}, "content": ` + data + `}`, "/content"},
		"data goes before content":   {`{"header": {}, "content": {"Nome": 1}, "data": ` + data + `}`, "/data"},
		"CloudEvents":                {`{"specversion": "1.0", "type": "ThingInc", "data": ` + data + `}`, "/data"},
		"Datasul":                    {`{"messageId": "1", "messageType": "ThingInc", "messageContent": ` + data + `}`, "/messageContent"},
		"Datasul without a type":     {`{"messageContent": ` + data + `}`, "/messageContent"},
		"data alone":                 {`{"data": ` + data + `}`, "/data"},
		"nothing around it":          {data, ""},
		"blanks around":              {" \r\n\t" + data + "\n ", ""},
		"a header that is no object": {`{"header": 1, "Cod": 1, "Nome": "A", "Num": "x"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, f := decode(t, makeThing, tc.body)
			same(t, "violations", brief(f.Violations), "TYPE "+tc.at+"/Num")
			if r == nil || r.At() != tc.at || r.Text("Nome") != "A" {
				t.Errorf("record %+v", r)
			}
		})
	}
}

func TestDecodeWithoutData(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want string
	}{
		"nothing":                 {``, "BODY-NOT-JSON "},
		"a text":                  {`hello`, "BODY-NOT-JSON "},
		"cut off":                 {`{"data": {"Cod": 1, "Nome": "A"}`, "BODY-NOT-JSON "},
		"two bodies":              {`{"data": {}} {"data": {}}`, "BODY-NOT-JSON "},
		"a comma too much":        {`{"data": {"Cod": 1,}}`, "BODY-NOT-JSON "},
		"XML":                     {`<data/>`, "BODY-NOT-JSON "},
		"Latin-1":                 {"{\"data\": {\"Cod\": 1, \"Nome\": \"\xe7\"}}", "BODY-NOT-JSON "},
		"a byte order mark":       {"\ufeff" + `{"data": {}}`, "BODY-NOT-JSON "},
		"NaN":                     {`{"data": {"Cod": NaN}}`, "BODY-NOT-JSON "},
		"nested without end":      {`{"data": {"X": ` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + `}}`, "BODY-NOT-JSON "},
		"null":                    {`null`, "BODY-NO-DATA "},
		"a list":                  {`[{"Cod": 1}]`, "BODY-NO-DATA "},
		"a number":                {`12`, "BODY-NO-DATA "},
		"data as a list":          {`{"header": {}, "data": [{"Cod": 1}]}`, "BODY-NO-DATA /data"},
		"data as null":            {`{"header": {}, "data": null}`, "BODY-NO-DATA /data"},
		"data as a text":          {`{"header": {}, "data": "{}"}`, "BODY-NO-DATA /data"},
		"a header alone":          {`{"header": {}}`, "BODY-NO-DATA /data"},
		"content as a list":       {`{"header": {}, "content": []}`, "BODY-NO-DATA /content"},
		"CloudEvents without it":  {`{"specversion": "1.0"}`, "BODY-NO-DATA /data"},
		"Datasul without it":      {`{"messageType": "ThingInc"}`, "BODY-NO-DATA /messageContent"},
		"data twice":              {`{"data": {"Cod": 1, "Nome": "A"}, "data": {"Cod": 2, "Nome": "B"}}`, "PROPERTY-REPEATED /data"},
		"the content twice":       {`{"header": {}, "content": {}, "content": {}}`, "PROPERTY-REPEATED /content"},
		"the messageContent, too": {`{"messageContent": {}, "messageContent": {}}`, "PROPERTY-REPEATED /messageContent"},
	} {
		t.Run(name, func(t *testing.T) {
			r, f := decode(t, makeThing, tc.body)
			same(t, "violations", brief(f.Violations), tc.want)
			if r != nil {
				t.Errorf("a record all the same: %+v", r)
			}
		})
	}
}

// Deep nesting below the limit is skipped when unknown and refused when not.
func TestDecodeDeepNesting(t *testing.T) {
	deep := strings.Repeat(`{"a":[`, 2000) + strings.Repeat(`]}`, 2000)
	_, f := decode(t, makeThing, inThing(`"Foo": `+deep+`, "Num": `+deep))
	same(t, "violations", brief(f.Violations), "TYPE /data/Num")
	same(t, "unknown", brief(f.Unknown), "PROPERTY-UNKNOWN /data/Foo")
}

func TestDecodeSaysWhatIsMissing(t *testing.T) {
	_, f := decode(t, makeThing, `{"data": {}}`)
	same(t, "creating", brief(f.Violations), "REQUIRED /data/Cod", "REQUIRED /data/Nome")
	_, f = decode(t, editThing, `{"data": {}}`)
	same(t, "editing", brief(f.Violations), "REQUIRED /data/Cod", "KEY-MISSING /data/Id")
	if v := f.Violations[1]; v.Field != "ID" || v.Of != thing.Field("Id") {
		t.Errorf("the key is %q", v.Field)
	}
	var none contracts.Findings
	if !none.OK() {
		t.Error("nothing found is not OK")
	}
}
