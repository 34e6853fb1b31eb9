package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"smartlink/examples"
	"smartlink/link"
)

// wholeCommand matches its schema; its business key is left to the header.
var wholeCommand = strings.Replace(string(examples.Body(examples.FinLanInc)), `"businessKey"`, `"note"`, 1)

// rule changes a rule about schemas as the administrator.
func (w *world) rule(path, body string) link.SchemaRule {
	w.Helper()
	return into[link.SchemaRule](w, w.want(admin("ana", http.MethodPatch, "schemas/"+path, body), 200, ""))
}

// TestSchemaAtTheEdge sends a command that lacks almost everything under each mode: warned about,
// refused with nothing stored, let through.
func TestSchemaAtTheEdge(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command, "MOVreadXGsp")
	ofTenant := "?tenant=" + tenant.String()
	send := func(body, lang string, status int, code link.Code) answer {
		t.Helper()
		return w.want(request{as: "gesplan", path: sendPath, body: body, header: map[string]string{"SL-Business-Key": "b", "Accept-Language": lang}}, status, code)
	}
	const poor = `{"data":{"CodColigada":"x"}}`

	for lang, want := range map[string]string{"pt-BR": "Coligada: deve ser um número inteiro", "en": "Company: must be a whole number"} {
		r := into[link.SendResponse](t, send(poor, lang, 202, ""))
		if len(r.Warnings) != 1 || r.Warnings[0].Code != link.CodeSchemaWarning || !strings.Contains(r.Warnings[0].Detail, command) {
			t.Fatalf("warnings %+v", r.Warnings)
		}
		if e := r.Warnings[0].Errors; len(e) < 5 || e[0].Pointer != "/data/CodColigada" || e[0].Detail != want {
			t.Errorf("%s: %+v, want %q", lang, e, want)
		}
	}
	if r := into[link.SendResponse](t, send(wholeCommand, "", 202, "")); len(r.Warnings) != 0 {
		t.Errorf("a whole command: %+v", r.Warnings)
	}

	w.rule(command+ofTenant, `{"mode":"enforce"}`)
	before := len(w.get("rm", "?max=100"))
	p := send(poor, "pt", 422, link.CodeSchema).problem(t)
	if len(p.Errors) < 5 || p.Errors[0].Pointer != "/data/CodColigada" || p.Errors[0].Code != link.CodeSchema || !strings.HasPrefix(p.Errors[0].Detail, "Coligada") {
		t.Errorf("problem %+v", p)
	}
	send("not JSON at all", "", 400, link.CodeBodyNotJSON)
	if before != 3 {
		t.Errorf("%d messages were stored before, want 3", before)
	}
	w.want(request{as: "rm", method: http.MethodGet, path: "/api/v1/link/get?max=100"}, 204, "") // nothing of it was stored
	send(strings.ReplaceAll(wholeCommand, `"PagRec"`, `"PAGREC"`), "", 202, "")

	one := func(s string) link.BatchMessage {
		return link.BatchMessage{Type: command, Audience: "GESPLAN-RM", Content: &s, Headers: map[string]string{"SL-Business-Key": "b"}}
	}
	batch, _ := json.Marshal(link.BatchRequest{Messages: []link.BatchMessage{one(poor), one(wholeCommand)}})
	r := into[link.BatchResponse](t, w.want(request{as: "gesplan", path: batchPath, body: string(batch)}, 200, ""))
	if a, b := r.Results[0], r.Results[1]; a.Status != 422 || a.Problem.Code != link.CodeSchema || b.Status != 202 || len(b.Warnings) != 0 {
		t.Errorf("batch %+v", r.Results)
	}

	w.rule(command+ofTenant, `{"mode":"off"}`)
	if r := into[link.SendResponse](t, send(poor, "", 202, "")); len(r.Warnings) != 0 {
		t.Errorf("off: %+v", r.Warnings)
	}
}

// TestOwnSchema uploads a schema, replaces it and takes it away again: each takes effect with the next
// send, for that tenant only.
func TestOwnSchema(t *testing.T) {
	w := newWorld(t)
	const typ = "MOVreadXGsp"
	w.setup("rm", typ)
	send := func(body string, status int, code link.Code) []link.Warning {
		t.Helper()
		a := w.want(request{as: "gesplan", path: "/api/v1/link/send/" + typ, body: body}, status, code)
		if status != 202 {
			return nil
		}
		return into[link.SendResponse](t, a).Warnings
	}
	detail := func() link.SchemaDetail {
		t.Helper()
		return into[link.SchemaDetail](t, w.want(admin("ana", "GET", "schemas/"+typ+"?tenant="+tenant.String(), ``), 200, ""))
	}
	if got := send(`{"a":1}`, 202, ""); len(got) != 0 || detail().Source != link.SchemaNone {
		t.Errorf("a type without schema: %+v", got)
	}
	w.rule(typ, `{"schema":{"required":["b"]}}`)
	if got := send(`{"a":1}`, 202, ""); len(got) != 1 || got[0].Errors[0].Pointer != "/b" || got[0].Errors[0].Detail != "is missing" {
		t.Errorf("%+v", got)
	}
	w.rule(typ+"?tenant="+tenant.String(), `{"mode":"enforce","schema":{"required":["a"]}}`)
	send(`{"a":1}`, 202, "")
	send(`{"b":1}`, 422, link.CodeSchema)
	if d := detail(); d.Source != link.SchemaOwn || d.Mode != link.SchemaEnforce || string(d.Schema) != `{"required":["a"]}` {
		t.Errorf("%+v", d)
	}
	w.want(admin("ana", "DELETE", "schemas/"+typ+"?tenant="+tenant.String(), ``), 204, "")
	w.want(admin("ana", "DELETE", "schemas/"+typ+"?tenant="+tenant.String(), ``), 404, link.CodeNotFound)
	if got := send(`{"b":1}`, 202, ""); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if p := into[link.Page[link.SchemaRule]](t, w.want(admin("ana", "GET", "schemas", ``), 200, "")); len(p.Items) != 1 || p.Items[0].Type != typ || p.Items[0].TenantID != nil {
		t.Errorf("rules %+v", p)
	}
	w.want(admin("ana", "PATCH", "schemas/"+typ, `{"schema":{"type":"thing"}}`), 422, link.CodeRequestInvalid)
	w.want(admin("ana", "PATCH", "schemas/"+typ+"?tenant=x", `{"mode":"off"}`), 422, link.CodeRequestInvalid)
	w.want(request{as: "gesplan", method: "PATCH", path: "/api/v1/admin/schemas/" + typ, body: `{"mode":"off"}`}, 401, link.CodeKeyInvalid)
}

// TestAnswersAreNeverRefusedForTheirSchema: who sent the command waits for them.
func TestAnswersAreNeverRefusedForTheirSchema(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	w.setup("gesplan", response)
	w.rule(response, `{"mode":"enforce","schema":false}`)
	sent := w.send(wholeCommand)
	w.get("rm", "")
	a := w.want(request{as: "rm", path: "/api/v1/link/send/" + response, body: `{"data":{"status":"done"}}`, header: map[string]string{
		"SL-Answer-To": sent.MessageID.String(), "SL-Outcome": "done", "SL-Outcome-Number": "1",
	}}, 202, "")
	if r := into[link.SendResponse](t, a); len(r.Warnings) != 1 || r.Warnings[0].Code != link.CodeSchemaWarning {
		t.Errorf("%+v", r.Warnings)
	}
	w.want(request{as: "rm", path: "/api/v1/link/send/" + response, body: `{"data":{"status":"done"}}`}, 422, link.CodeSchema) // answers nothing
}

// TestCopyKeepsTheSchema: an edited copy is held to it as a send is.
func TestCopyKeepsTheSchema(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	id := w.send(wholeCommand).MessageID.String()
	w.rule(command, `{"mode":"enforce"}`)
	path := "/api/v1/link/messages/" + id + "/copy"
	w.want(request{as: "ana", path: path, body: `{"content":"{\"data\":{}}"}`}, 422, link.CodeSchema)
	w.want(request{as: "ana", path: path, body: `{"reason":"again"}`}, 202, "")
}
