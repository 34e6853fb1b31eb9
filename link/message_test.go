package link

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestDeliveriesCrossTheWireByteForByte(t *testing.T) {
	for _, body := range []string{"{ \"a\" : 1.10 }\r\n", "", "<html>&\u2028", "\xff\x00", "null"} {
		d := Delivery{
			Tag: 3<<32 + 9, Attempt: 2, RequeueCount: 1, LostCount: 1, LeaseUntil: time.Unix(9, 0).UTC(),
			Message: Message{
				ID: NewID(), RootID: NewID(), BusinessKey: "b", OrderingKey: "o", CorrelationID: "c", TenantID: uuid.New(),
				Sender: Sender{"GESPLAN", NewClientID()}, Type: "X", Audience: LinkProxy, CreatedAt: time.Unix(5, 7000).UTC(),
				CreatedBy: "ana", Headers: map[string]string{"Sl-Meta-A": "1"}, ContentType: "text/plain", Body: []byte(body),
			},
		}
		wire, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var got Delivery
		if err := json.Unmarshal(wire, &got); err != nil || !reflect.DeepEqual(got, d) {
			t.Errorf("%q came back as\n%+v, %v\nwant\n%+v", body, got, err, d)
		}
	}
}

// TestDeliveriesNameHeadersAsTheDocumentationDoes: JSON's names are exact, so a receiver looks for
// what the protocol writes.
func TestDeliveriesNameHeadersAsTheDocumentationDoes(t *testing.T) {
	headers := map[string]string{HeaderAnswerTo: "1", HeaderCorrelationID: "2", HeaderTraceparent: "3", "Sl-Meta-Batch": "4", MetaAppCode: "5", MetaSourceType: "6"}
	d := Delivery{Tag: 1, Message: Message{ID: NewID(), TenantID: uuid.New(), Headers: headers}}
	wire, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Headers map[string]string }
	want := map[string]string{"SL-Answer-To": "1", "SL-Correlation-Id": "2", "traceparent": "3", "SL-Meta-Batch": "4", "appCode": "5", "source-type": "6"}
	if err := json.Unmarshal(wire, &got); err != nil || !reflect.DeepEqual(got.Headers, want) {
		t.Errorf("%v, %v", got.Headers, err)
	}
	var back Delivery
	if err := json.Unmarshal(wire, &back); err != nil || !reflect.DeepEqual(back.Message.Headers, headers) {
		t.Errorf("came back as %v, %v", back.Message.Headers, err)
	}
}

func TestHalfADeliveryIsNoDelivery(t *testing.T) {
	id := `"id":"` + uuid.NewString() + `","tenantId":"` + uuid.NewString() + `"`
	for _, wire := range []string{
		`{}`, `{"deliveryTag":1,` + id + `}`, `{` + id + `,"content":""}`, `{"deliveryTag":1,"content":""}`,
		`{"deliveryTag":1,` + id + `,"content":"","contentBase64":""}`, `{"deliveryTag":1,` + id + `,"contentBase64":"?"}`,
	} {
		var d Delivery
		if err := json.Unmarshal([]byte(wire), &d); err == nil {
			t.Errorf("%s was taken for a delivery", wire)
		}
	}
}

func TestAnswerIDNeverChanges(t *testing.T) {
	// Written down once: an agent upgraded between an outcome and its answer must find the same id.
	id := uuid.MustParse("01890000-0000-7000-8000-000000000001")
	if got := AnswerID(id, 1); got != uuid.NewSHA1(uuid.MustParse("5b0c6a52-7d0e-5f5c-9d1e-1f0b7c3a9e44"), []byte("01890000-0000-7000-8000-000000000001#1")) || got == AnswerID(id, 2) {
		t.Errorf("answer id %s", got)
	}
}

func TestNames(t *testing.T) {
	tenant, client := uuid.MustParse(tenantText), ClientID("0123456789abcdef0123456789abcdef")
	name := QueueName(tenant, client)
	if name != tenantText+".0123456789abcdef0123456789abcdef" {
		t.Errorf("queue name %s", name)
	}
	if gt, gc, err := ParseQueueName(name); err != nil || gt != tenant || gc != client {
		t.Errorf("%s, %s, %v", gt, gc, err)
	}
	for s, want := range map[string]bool{"GESPLAN-RM": true, LinkProxy: true, "gesplan": false, "A": false, "": false} {
		if ValidAudience(s) != want {
			t.Errorf("audience %q: %t", s, !want)
		}
	}
	for s, want := range map[string]bool{"FinLanIncDataCommand": true, "metrics": true, "1x": false, "": false, "a/b": false} {
		if ValidType(s) != want {
			t.Errorf("type %q: %t", s, !want)
		}
	}
	for _, s := range []string{"{" + tenantText + "}", "urn:uuid:" + tenantText, "x"} {
		if _, err := ParseUUID(s); err == nil {
			t.Errorf("%s was read as a UUID", s)
		}
	}
}

func TestEveryProblemSpeaksBothLanguages(t *testing.T) {
	seen := map[Code]bool{}
	for _, e := range Entries() {
		if e.Code == "" || e.TitlePT == "" || e.TitleEN == "" || e.DetailPT == "" || e.DetailEN == "" {
			t.Errorf("%s lacks a text", e.Code)
		}
		if seen[e.Code] {
			t.Errorf("%s stands twice", e.Code)
		}
		seen[e.Code] = true
		if e.Status != 0 && (e.Status < 400 || e.Status > 599) {
			t.Errorf("%s has status %d", e.Code, e.Status)
		}
	}
	if !seen[CodeInternal] || Catalogue("SL-NONE").Code != CodeInternal {
		t.Error("an unknown code has no entry to fall back to")
	}
}

func TestLimitsAreWrittenForPeople(t *testing.T) {
	got := map[string]string{}
	for _, l := range Limits() {
		if _, twice := got[l.Name]; twice || l.Meaning.PT == "" || l.Meaning.EN == "" || l.Meaning.PT == l.Meaning.EN {
			t.Errorf("%+v", l)
		}
		got[l.Name] = l.Value
	}
	for name, want := range map[string]string{
		"body": "512 KiB", "batch": "500 / 8 MiB", "get": "500 / 4 MiB", "headers": "32 / 8 KiB", "lease": "60 s (5 s – 15 min)", "wait": "30 s",
		"requeueCountMax": "10 (0 – 1000)", "requeueAfter": "24 h", "backoff": "1 s · 2ⁿ, 10 min", "idempotency": "30 d", "retention": "7 d", "token": "15 min",
	} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
}

func TestProblemsTellWhatToDo(t *testing.T) {
	err := NewError(CodeTypeMismatch, "path", "A", "body", "{path}").At("/header/type", CodeTypeMismatch, Text{"o caminho diz A", "the path says A"})
	p := err.Problem(Portuguese, "r1")
	if p.Status != 422 || p.Instance != "r1" || len(p.Errors) != 1 || p.Errors[0].Detail != "o caminho diz A" || p.Detail != "O caminho diz A, o corpo diz {path}. Corrija um deles; nada foi guardado." {
		t.Errorf("%+v", p)
	}
	for header, want := range map[string]Lang{"": English, "pt-BR,en;q=0.5": Portuguese, "fr, EN": English, "de": English, "xx;q=1, pt": Portuguese} {
		if got := AcceptLanguage(header); got != want {
			t.Errorf("%q: %s", header, got)
		}
	}
}

func TestHeadersThatTravel(t *testing.T) {
	got := KeepHeaders(map[string][]string{
		"SL-Business-Key": {"k", "other"}, "Sl-App": {"A"}, "SL-Installation": {"i"}, "traceparent": {"t"}, "Authorization": {"secret"}, "Sl-Meta-X": {},
	})
	if want := map[string]string{HeaderBusinessKey: "k", HeaderTraceparent: "t"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestRolesIncludeEachOther(t *testing.T) {
	if !RoleAdministrator.Includes(RoleViewer) || !RoleOperator.Includes(RoleOperator) || RoleViewer.Includes(RoleOperator) ||
		Role("").Includes(RoleViewer) || RoleAdministrator.Includes("root") {
		t.Error("roles")
	}
}
