package api_test

import (
	"net/http"
	"strings"
	"testing"

	"smartlink/link"
)

func TestAppsByTenant(t *testing.T) {
	w := newWorld(t)
	const path = "/api/data-management/v1/apps/by-tenant"
	_, err := w.store.PutApp(t.Context(), "ana", "EMPTY", link.AppRequest{Name: "Nothing to say"})
	w.must(err)
	w.client("wide", tenant, "GESPLAN-RM", "EMPTY")
	for _, tc := range []struct{ name, as, query, want string }{
		{"the permitted", "rm", "", "GESPLAN-RM available"},
		{"asked for, not permitted", "rm", "?app=GESPLAN&app=GESPLAN-RM", "GESPLAN-RM available, GESPLAN not-permitted"},
		{"asked for, unknown at the hub", "rm", "?app=SGDP", "GESPLAN-RM available, SGDP not-configured"},
		{"permitted, without a type", "wide", "", "GESPLAN-RM available, EMPTY not-configured"},
		{"of another tenant", "foreign", "", "GESPLAN available, GESPLAN-RM available"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := w.in(t)
			got := into[link.TenantApps](t, w.want(request{as: tc.as, method: http.MethodGet, path: path + tc.query}, http.StatusOK, ""))
			var items []string
			for _, i := range got.Items {
				items = append(items, i.Code+" "+string(i.State))
				if told := i.Name != "" || len(i.Sends)+len(i.Receives) > 0; told != (i.State == link.AppAvailable) {
					t.Errorf("tells of %s: %+v", i.State, i)
				}
			}
			if s := strings.Join(items, ", "); s != tc.want {
				t.Errorf("%s, want %s", s, tc.want)
			}
			if client, _ := w.store.Current().Client(w.ids[tc.as]); got.ClientID != client.ID || got.TenantID != client.Tenant || got.Tenant == "" || got.Company == "" {
				t.Errorf("who: %+v", got)
			}
		})
	}
	w.want(request{method: http.MethodGet, path: path}, http.StatusUnauthorized, link.CodeTokenMissing)
	w.want(request{as: "rm", method: http.MethodGet, path: path + "?app=no+code"}, http.StatusUnprocessableEntity, link.CodeRequestInvalid)
	w.want(request{as: "rm", method: http.MethodGet, path: path + "?" + strings.Repeat("app=AA&", link.MaxAskedApps+1)}, http.StatusUnprocessableEntity, link.CodeRequestInvalid)
}
