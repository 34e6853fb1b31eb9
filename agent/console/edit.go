package console

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"smartlink/agent/inbox"
	"smartlink/link"
)

// editBytes bounds a form with a body: each of its bytes may take three.
const editBytes = 3*link.MaxBody + formBytes

// editPage is what edit.html shows.
type editPage struct {
	inbox.Item
	Body, Reason string
	Problem      failure
}

func (c *Console) editForm(v *visit) error {
	id, box, err := c.named(v)
	if err != nil {
		return err
	}
	d, err := box.Show(v.r.Context(), id)
	if err != nil {
		return err
	}
	if !editable(&d) {
		return v.uneditable(&d, id)
	}
	return v.show(http.StatusOK, "edit", "edit.title", "messages", editPage{Item: *d.Item, Body: laidOut(d.Body)})
}

// uneditable says why a message's body cannot be changed in a form.
func (v *visit) uneditable(d *inbox.Detail, id uuid.UUID) error {
	state := "state.ended"
	switch {
	case d.Item == nil:
	case d.Item.Event != inbox.Downstream:
		return link.NewError(link.CodeNotInInbox, "id", id.String())
	case d.Item.State == link.ERPRunning:
		state = "state.running"
	default:
		return link.NewError(link.CodeRequestInvalid).At("body", link.CodeRequestInvalid, link.Both(
			"o conteúdo não é texto: altere-o com smartlink agent edit --body", "the body is no text: change it with smartlink agent edit --body"))
	}
	wanted := make([]string, 0, 4)
	for _, s := range []link.ERPState{link.ERPStored, link.ERPWaiting, link.ERPBlocked, link.ERPRejected} {
		wanted = append(wanted, v.text("state."+string(s)))
	}
	return link.NewError(link.CodeNotNow, "id", id.String(), "state", v.text(state), "wanted", strings.Join(wanted, ", "))
}

// editable tells whether a message's body can be changed in a form.
func editable(d *inbox.Detail) bool {
	return d.Item != nil && d.Item.Event == inbox.Downstream && d.Item.State != link.ERPRunning && utf8.ValidString(d.Body)
}

// laidOut is a body as people read it.
func laidOut(body string) string {
	var pretty bytes.Buffer
	if json.Indent(&pretty, []byte(body), "", "  ") == nil {
		return pretty.String()
	}
	return body
}

// edit changes a body and executes the message again. A form sends every end of a line as CRLF: in JSON
// that says nothing, and other text gets the ends it had. What is refused is shown with what was
// typed, so that it is not lost.
func (c *Console) edit(v *visit) error {
	id, box, err := c.named(v)
	if err != nil {
		return err
	}
	form, err := v.formOf(editBytes)
	if err != nil {
		return err
	}
	d, err := box.Show(v.r.Context(), id)
	if err != nil {
		return err
	}
	body := form.Get("body")
	if !strings.Contains(d.Body, "\r\n") {
		body = strings.ReplaceAll(body, "\r\n", "\n")
	}
	if body == laidOut(d.Body) {
		body = d.Body
	}
	if err = box.Desk(by).Edit(v.r.Context(), id, []byte(body), form.Get("reason")); err == nil {
		return v.redirect("/messages/" + id.String())
	}
	f, status := v.problem(err)
	if status == 0 || !editable(&d) {
		return err
	}
	return v.show(status, "edit", "edit.title", "messages", editPage{*d.Item, body, form.Get("reason"), f})
}
