package exchange

import (
	"slices"

	"smartlink/link"
)

// TenantApps answers which apps the caller can use: all it is permitted, and those it asks for by
// name, each with the reason when it cannot. An app that the hub has no types of is not configured,
// whoever is permitted it: nothing could be sent or received.
func (x *Exchange) TenantApps(c Caller, asked []string) (link.TenantApps, error) {
	if err := checkAsked(asked); err != nil {
		return link.TenantApps{}, err
	}
	tenant, _ := c.Snapshot.Tenant(c.Client.Tenant)
	answer := link.TenantApps{
		TenantID: c.Client.Tenant, Tenant: tenant.Name, Company: tenant.Company, ClientID: c.Client.ID, Items: []link.TenantApp{},
	}
	told := map[string]bool{}
	for _, code := range slices.Concat(c.Client.Apps, asked) {
		if told[code] {
			continue
		}
		told[code] = true
		item := link.TenantApp{Code: code, State: link.AppNotConfigured}
		app, known := c.Snapshot.App(code)
		switch {
		case !known || len(app.Sends)+len(app.Receives) == 0:
		case !slices.Contains(c.Client.Apps, code): // what it is called and says is not this client's to know
			item.State = link.AppNotPermitted
		default:
			item = link.TenantApp{Code: code, Name: app.Name, State: link.AppAvailable, Sends: app.Sends, Receives: app.Receives}
		}
		answer.Items = append(answer.Items, item)
	}
	return answer, nil
}

func checkAsked(asked []string) error {
	if len(asked) > link.MaxAskedApps {
		return link.NewError(link.CodeRequestInvalid).At("app", link.CodeRequestInvalid, link.Both("no máximo %d", "at most %d", link.MaxAskedApps))
	}
	for _, code := range asked {
		if !link.ValidApp(code) {
			return link.NewError(link.CodeRequestInvalid).At("app", link.CodeRequestInvalid,
				link.Both("%q não é um código de aplicativo (A-Z, 0-9, -; de 2 a 32)", "%q is no app code (A-Z, 0-9, -; 2 to 32)", code))
		}
	}
	return nil
}
