package main

import (
	"errors"

	"smartlink/internal/checkup"
	"smartlink/link"
)

// shownFinding is a finding for scripts.
type shownFinding struct {
	What   string         `json:"what"`
	Health checkup.Health `json:"health"`
	Detail string         `json:"detail"`
}

// printFindings prints what a doctor found; an error when something has to be mended.
func printFindings(e *env, asJSON bool, found []checkup.Finding) error {
	shown, rows := make([]shownFinding, len(found)), make([][]string, len(found))
	for i, f := range found {
		shown[i] = shownFinding{f.What.In(e.lang()), f.Health, f.Detail.In(e.lang())}
		rows[i] = []string{string(f.Health), shown[i].What, shown[i].Detail}
	}
	var err error
	if asJSON {
		err = printJSON(e.out, link.Page[shownFinding]{Items: shown})
	} else {
		err = table(e.out, []string{"HEALTH", "WHAT", "DETAIL"}, rows)
	}
	if err == nil && checkup.Sick(found) {
		err = errors.New(link.Both("há o que corrigir", "something has to be mended").In(e.lang()))
	}
	return err
}
