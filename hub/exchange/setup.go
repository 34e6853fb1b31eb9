package exchange

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"smartlink/hub/queue"
	"smartlink/link"
)

// Setup creates or changes the caller's queue. A type the client may not receive refuses the whole
// call (link.CodeSubForbidden) with one error for each such type; nothing is changed. A caller that
// names an installation binds the queue to it; one of another installation is link.CodeInstallation.
func (x *Exchange) Setup(ctx context.Context, c Caller, r link.SetupRequest) (link.SetupResponse, error) {
	limit := link.DefaultRequeueCountMax
	if r.RequeueCountMax != nil {
		limit = *r.RequeueCountMax
	}
	if err := checkSetup(c, r.Subscriptions, limit); err != nil {
		return link.SetupResponse{}, err
	}
	if err := x.admitSetup(ctx, c); err != nil {
		return link.SetupResponse{}, err
	}
	types := slices.Compact(slices.Sorted(slices.Values(r.Subscriptions)))
	done, err := x.engine.Setup(ctx, queue.Setup{Queue: c.queue(), Subscriptions: types, RequeueCountMax: limit})
	if err != nil {
		return link.SetupResponse{}, err
	}
	return link.SetupResponse{
		Queue: c.queue().String(), RequeueCountMax: done.RequeueCountMax, Subscriptions: notNil(done.Subscriptions),
		Added: notNil(done.Added), Removed: notNil(done.Removed), Warnings: setupWarnings(c, done.Subscriptions),
	}, nil
}

// admitSetup refuses who may not set the queue up, and binds a queue of nobody's to the installation of
// the caller, if it is one. A wizard sets up beside the active run, and has no epoch.
func (x *Exchange) admitSetup(ctx context.Context, c Caller) error {
	if err := checkInstallation(c); err != nil {
		return err
	}
	if err := x.admit(ctx, c, c.Epoch != 0); err != nil || c.Installation == "" || c.Client.Installation != "" {
		return err
	}
	return x.directory.Bind(ctx, c.Client.ID, c.Installation)
}

func checkSetup(c Caller, types []string, limit int) error {
	if types == nil { // an empty list is a wish, a missing one most likely a mistake
		return link.NewError(link.CodeRequestInvalid).At("/subscriptions", link.CodeRequestInvalid,
			link.Both("obrigatório; [] para nenhuma", "required; [] for none"))
	}
	if limit < 0 || limit > link.MaxRequeueCountMax {
		return link.NewError(link.CodeRequestInvalid).At("/requeueCountMax", link.CodeRequestInvalid, link.Range(0, link.MaxRequeueCountMax))
	}
	if len(types) > link.MaxTypes {
		return link.NewError(link.CodeRequestInvalid).At("/subscriptions", link.CodeRequestInvalid, link.Both("no máximo %d tipos", "at most %d types", link.MaxTypes))
	}
	malformed := link.NewError(link.CodeRequestInvalid)
	for i, t := range types {
		if !link.ValidType(t) {
			malformed.At(at("/subscriptions", i), link.CodeTypeInvalid, link.NewError(link.CodeTypeInvalid, "type", t).Text())
		}
	}
	if len(malformed.Errors) > 0 {
		return malformed
	}
	apps := c.Snapshot.AppsOf(c.Client)
	var refused []string
	forbidden := link.NewError(link.CodeSubForbidden)
	for i, t := range types {
		if mayReceive(apps, t) {
			continue
		}
		refused = append(refused, t)
		forbidden.At(at("/subscriptions", i), link.CodeSubForbidden,
			link.Both("nenhum aplicativo deste cliente pode receber %s", "no app of this client may receive %s", t))
	}
	if refused != nil {
		forbidden.Args = map[string]string{"types": strings.Join(refused, ", ")}
		return forbidden
	}
	return nil
}

// setupWarnings remarks on what a queue will probably miss: the answers to commands its client may
// send, and types that no app sends.
func setupWarnings(c Caller, types []string) []link.Warning {
	warnings := []link.Warning{}
	var unheard []string
	for _, app := range c.Snapshot.AppsOf(c.Client) {
		for _, t := range app.Sends {
			if isCommand(t) && !slices.Contains(types, link.ResponseType(t)) && !slices.Contains(unheard, t) {
				unheard = append(unheard, t)
			}
		}
	}
	slices.Sort(unheard)
	for _, t := range unheard {
		warnings = append(warnings, warning(c.Lang, link.CodeNoAnswerSub, "type", t, "response", link.ResponseType(t)))
	}
	for _, t := range types {
		if !c.Snapshot.AnySends(t) {
			warnings = append(warnings, warning(c.Lang, link.CodeNobodySends, "type", t))
		}
	}
	return warnings
}

// isCommand tells whether a type names a command. Only those ask for a business change and get an
// answer.
func isCommand(typ string) bool { return strings.HasSuffix(typ, "Command") }

// at is the pointer of an item of a list.
func at(list string, i int) string { return fmt.Sprintf("%s/%d", list, i) }

// notNil makes JSON say [] instead of null.
func notNil(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
