package exchange

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

// readReport reads the body of a SmartLinkStatus message (protocol §7). A wrong item refuses the
// whole report: its sender is a program that can be mended, and sends it again.
func readReport(body []byte, installation string) ([]queue.Report, error) {
	var r struct {
		InstallationID string            `json:"installationId"`
		Items          []json.RawMessage `json:"items"`
	}
	wrong := link.NewError(link.CodeRequestInvalid)
	if err := json.Unmarshal(body, &r); err != nil {
		wrong.Errors = append(wrong.Errors, WrongJSON("", err))
		return nil, wrong.Because(err)
	}
	if installation != "" && r.InstallationID != "" && !strings.EqualFold(installation, r.InstallationID) {
		return nil, contradiction(link.HeaderInstallation, installation, r.InstallationID, "/installationId")
	}
	items := make([]queue.Report, len(r.Items))
	for i, raw := range r.Items {
		item := &items[i]
		if err := json.Unmarshal(raw, item); err != nil {
			wrong.Errors = append(wrong.Errors, WrongJSON(at("/items", i), err))
			continue
		}
		here := func(field, pt, en string) {
			wrong.At(at("/items", i)+field, link.CodeRequestInvalid, link.Text{PT: pt, EN: en})
		}
		if item.ID == uuid.Nil {
			here("/id", "falta o id da mensagem", "the message's id is missing")
		}
		if item.Seq < 0 {
			here("/seq", "não pode ser negativo", "must not be negative")
		}
		if item.Attempt < 0 {
			here("/attempt", "não pode ser negativo", "must not be negative")
		}
		if item.At.IsZero() {
			here("/at", "falta o momento (RFC 3339)", "the moment (RFC 3339) is missing")
		}
		if !known(item.State) {
			here("/state", fmt.Sprintf("estado desconhecido: %q", item.State), fmt.Sprintf("unknown state: %q", item.State))
		}
		item.Code, item.Reason = clip(item.Code, link.MaxKey), clip(item.Reason, link.MaxReason)
	}
	if len(wrong.Errors) > 0 {
		return nil, wrong
	}
	return items, nil
}

func known(s link.ERPState) bool {
	switch s {
	case link.ERPStored, link.ERPRunning, link.ERPWaiting:
		return true
	}
	return s.Answered()
}

// clip shortens a text that only explains, and shows that it did.
func clip(s string, limit int) string {
	if !tooLong(s, limit) {
		return s
	}
	return string([]rune(s)[:limit-1]) + "…"
}
