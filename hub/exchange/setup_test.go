package exchange_test

import (
	"slices"
	"testing"

	"smartlink/link"
)

func TestSetup(t *testing.T) {
	number := func(n int) *int { return &n }
	for _, tc := range []struct {
		name     string
		client   link.ClientID
		in       link.SetupRequest
		code     link.Code
		pointers string
		types    []string
		limit    int
		warnings string
	}{
		{
			name: "defaults, sorted, once", client: rm, in: link.SetupRequest{Subscriptions: []string{cmd, cmd}},
			types: []string{cmd}, limit: link.DefaultRequeueCountMax,
		},
		{name: "none", client: rm, in: link.SetupRequest{Subscriptions: []string{}, RequeueCountMax: number(0)}, types: []string{}, limit: 0},
		{
			name: "does not hear the answers", client: gesplan, in: link.SetupRequest{Subscriptions: []string{}},
			limit: 10, warnings: "SL-NO-ANSWER-SUBSCRIPTION",
		},
		{
			name: "both sides heard", client: both, in: link.SetupRequest{Subscriptions: []string{response, cmd}},
			types: []string{cmd, response}, limit: 10,
		},
		{
			name: "what nobody sends", client: mixed, in: link.SetupRequest{Subscriptions: []string{"Heard", "metrics", response}},
			types: []string{response, "Heard", "metrics"}, limit: 10, warnings: "SL-NOBODY-SENDS",
		},
		{
			name: "one forbidden refuses all", client: rm, in: link.SetupRequest{Subscriptions: []string{cmd, response, "Nothing"}},
			code: link.CodeSubForbidden, pointers: "/subscriptions/1 /subscriptions/2",
		},
		{name: "no app, nothing to hear", client: bare, in: link.SetupRequest{Subscriptions: []string{cmd}}, code: link.CodeSubForbidden, pointers: "/subscriptions/0"},
		{name: "missing list", client: rm, code: link.CodeRequestInvalid, pointers: "/subscriptions"},
		{name: "malformed type", client: rm, in: link.SetupRequest{Subscriptions: []string{cmd, "1x"}}, code: link.CodeRequestInvalid, pointers: "/subscriptions/1"},
		{name: "limit below", client: rm, in: link.SetupRequest{Subscriptions: []string{cmd}, RequeueCountMax: number(-1)}, code: link.CodeRequestInvalid, pointers: "/requeueCountMax"},
		{name: "limit above", client: rm, in: link.SetupRequest{Subscriptions: []string{cmd}, RequeueCountMax: number(1001)}, code: link.CodeRequestInvalid, pointers: "/requeueCountMax"},
		{name: "too many", client: rm, in: link.SetupRequest{Subscriptions: slices.Repeat([]string{cmd}, 501)}, code: link.CodeRequestInvalid, pointers: "/subscriptions"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := &engine{}
			r, err := newExchange(e, &directory{}).Setup(t.Context(), caller(tc.client), tc.in)
			wantCode(t, err, tc.code)
			if got := pointers(err); got != tc.pointers {
				t.Errorf("points at %q, want %q", got, tc.pointers)
			}
			if err != nil {
				if e.setup != nil {
					t.Error("a refused setup changed the queue")
				}
				return
			}
			if !slices.Equal(r.Subscriptions, tc.types) || r.RequeueCountMax != tc.limit || r.Queue != link.QueueName(tenant, tc.client) {
				t.Errorf("answered %+v", r)
			}
			if got := codesOf(r.Warnings); got != tc.warnings {
				t.Errorf("warnings %q, want %q", got, tc.warnings)
			}
			if r.Added == nil || r.Removed == nil || r.Warnings == nil {
				t.Errorf("a list is null: %+v", r)
			}
		})
	}
}
