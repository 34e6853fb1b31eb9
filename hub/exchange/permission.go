package exchange

import (
	"slices"
	"strings"

	"smartlink/hub/queue"
	"smartlink/hub/registry"
	"smartlink/link"
)

// consumed tells whether the hub itself reads messages of this type.
func consumed(typ string) bool { return typ == link.TypeMetrics || typ == link.TypeStatus }

// senderApp finds the app a caller speaks for when it sends a type (protocol §1): the one it names,
// else its only app that may send the type.
func senderApp(c Caller, typ string) (string, error) {
	apps := c.Snapshot.AppsOf(c.Client)
	if c.App != "" {
		i := slices.IndexFunc(apps, func(a registry.App) bool { return a.Code == c.App })
		if i < 0 {
			return "", link.NewError(link.CodeAppNotYours, "app", c.App, "apps", codes(apps))
		}
		if !apps[i].MaySend(typ) {
			return "", link.NewError(link.CodeTypeForbidden, "type", typ)
		}
		return c.App, nil
	}
	if consumed(typ) {
		// Every client may report about itself, for whichever of its apps.
		if len(apps) == 0 {
			return "", nil
		}
		return apps[0].Code, nil
	}
	apps = slices.DeleteFunc(apps, func(a registry.App) bool { return !a.MaySend(typ) })
	switch len(apps) {
	case 0:
		return "", link.NewError(link.CodeTypeForbidden, "type", typ)
	case 1:
		return apps[0].Code, nil
	}
	return "", link.NewError(link.CodeAppAmbiguous, "type", typ, "apps", codes(apps))
}

// mayReceive tells whether one of the apps may receive a type.
func mayReceive(apps []registry.App, typ string) bool {
	return slices.ContainsFunc(apps, func(a registry.App) bool { return a.MayReceive(typ) })
}

// route finds who hears an audience of a message's tenant.
func route(s *registry.Snapshot, m link.Message) queue.Route {
	if m.Audience == link.LinkProxy {
		return queue.Route{All: true}
	}
	return queue.Route{Clients: s.ClientsOf(m.TenantID, m.Audience)}
}

func codes(apps []registry.App) string {
	list := make([]string, len(apps))
	for i, a := range apps {
		list[i] = a.Code
	}
	if len(list) == 0 {
		return "–"
	}
	return strings.Join(list, ", ")
}
