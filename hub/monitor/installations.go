package monitor

import (
	"net/http"
	"time"

	"smartlink/hub/exchange"
)

// silentAfter is after how long without a report an installation counts as silent; it sends one every
// minute.
const silentAfter = 5 * time.Minute

// installationView is one item of installations.html.
type installationView struct {
	exchange.Installation
	State string // up, down, silent, unknown, or, without a report, none
	Copy  bool   // a copy of it was seen lately
}

func (m *Monitor) installations(v *visit) error {
	list, err := m.cfg.Exchange.Installations(v.r.Context(), v.operator())
	if err != nil {
		return err
	}
	views := make([]installationView, len(list))
	for i, x := range list {
		views[i] = installationView{Installation: x, State: "unknown"}
		if b := x.Binding; b != nil && b.Conflict != nil {
			views[i].Copy = v.now.Sub(b.Conflict.At) <= silentAfter
		}
		switch {
		case x.At.IsZero():
			views[i].State = "none"
		case v.now.Sub(x.At) > silentAfter:
			views[i].State = "silent"
		case x.Up != nil && *x.Up:
			views[i].State = "up"
		case x.Up != nil:
			views[i].State = "down"
		}
	}
	return v.show(http.StatusOK, "installations", frame{Title: v.text("installations.title"), Nav: "installations", Topic: "installations", Data: views})
}
