// Package checkup is what the doctors of hub and agent say: one finding for each thing they looked at.
package checkup

import (
	"errors"
	"slices"

	"smartlink/link"
)

// Health is how one thing is.
type Health string

// The healths.
const (
	Good Health = "ok"
	Note Health = "note" // works, and somebody should know
	Bad  Health = "bad"  // has to be mended
)

// Finding is one thing that was looked at.
type Finding struct {
	What   link.Text
	Health Health
	Detail link.Text
}

// Report collects findings.
type Report struct{ Findings []Finding }

// Say adds a finding, and tells whether what stands on it can be looked at.
func (r *Report) Say(what link.Text, h Health, detail link.Text) bool {
	r.Findings = append(r.Findings, Finding{what, h, detail})
	return h != Bad
}

// Fail adds an error as something that has to be mended, in words for people where it has some; its answer
// is always false.
func (r *Report) Fail(what link.Text, err error) bool {
	t := link.Text{PT: err.Error(), EN: err.Error()}
	if known, ok := errors.AsType[*link.Error](err); ok {
		t = known.Text()
		for _, f := range known.Errors {
			t = link.Text{PT: t.PT + " " + f.Pointer + ": " + f.Text().PT, EN: t.EN + " " + f.Pointer + ": " + f.Text().EN}
		}
	}
	return r.Say(what, Bad, t)
}

// Sick tells whether something has to be mended.
func Sick(list []Finding) bool {
	return slices.ContainsFunc(list, func(f Finding) bool { return f.Health == Bad })
}
