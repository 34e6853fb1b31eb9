package exchange_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/link"
)

func TestGetParameters(t *testing.T) {
	n := func(v int) *int { return &v }
	d := func(v time.Duration) *time.Duration { return &v }
	for _, tc := range []struct {
		name     string
		in       exchange.Get
		pointers string
		want     queue.Get
	}{
		{name: "defaults", want: queue.Get{Max: 1, MaxBytes: link.MaxGetBytes, Lease: time.Minute}},
		{
			name: "largest", in: exchange.Get{Max: n(500), MaxBytes: n(4 << 20), Wait: d(30 * time.Second), Lease: d(15 * time.Minute)},
			want: queue.Get{Max: 500, MaxBytes: 4 << 20, Wait: 30 * time.Second, Lease: 15 * time.Minute},
		},
		{name: "all too small", in: exchange.Get{Max: n(0), MaxBytes: n(0), Wait: d(-1), Lease: d(time.Second)}, pointers: "max maxBytes wait lease"},
		{name: "all too large", in: exchange.Get{Max: n(501), MaxBytes: n(4<<20 + 1), Wait: d(31 * time.Second), Lease: d(time.Hour)}, pointers: "max maxBytes wait lease"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := &engine{}
			_, err := newExchange(e, &directory{}).Get(t.Context(), caller(rm), tc.in)
			if got := pointers(err); got != tc.pointers {
				t.Fatalf("points at %q, want %q", got, tc.pointers)
			}
			if err != nil {
				wantCode(t, err, link.CodeRequestInvalid)
				return
			}
			tc.want.Queue = queue.Name{Tenant: tenant, Client: rm}
			if *e.got != tc.want {
				t.Errorf("asked %+v, want %+v", *e.got, tc.want)
			}
		})
	}
}

func TestSettle(t *testing.T) {
	yes, no := true, false
	items := []link.Settlement{
		{DeliveryTag: 1, Ack: &yes},
		{DeliveryTag: 2, Ack: &no, Reason: "r"},
		{DeliveryTag: 3, Dead: true},
		{DeliveryTag: 4, Ack: &no, Dead: true},
		{DeliveryTag: 5, Release: true},
		{DeliveryTag: 6},
		{DeliveryTag: 7, Ack: &yes, Dead: true},
		{DeliveryTag: 8, Ack: &yes, Release: true},
		{DeliveryTag: 9, Dead: true, Release: true},
		{Ack: &yes},
		{DeliveryTag: 10, Ack: &no, Reason: strings.Repeat("x", link.MaxReason+1)},
	}
	e := &engine{}
	x := newExchange(e, &directory{})
	errs, err := x.Settle(t.Context(), caller(rm), items)
	if err != nil {
		t.Fatal(err)
	}
	want := []queue.Settle{
		{Tag: 1, How: queue.Ack}, {Tag: 2, How: queue.Requeue, Reason: "r"}, {Tag: 3, How: queue.Dead}, {Tag: 4, How: queue.Dead}, {Tag: 5, How: queue.Release},
	}
	if !slices.Equal(e.settled, want) {
		t.Errorf("settled %+v", e.settled)
	}
	for i, err := range errs {
		if bad := i >= len(want); bad != (link.CodeOf(err) == link.CodeRequestInvalid) || bad != (pointers(err) != "") {
			t.Errorf("item %d: %v", i, err)
		}
	}
	if _, err := x.Settle(t.Context(), caller(rm), make([]link.Settlement, link.MaxAck+1)); link.CodeOf(err) != link.CodeRequestInvalid {
		t.Errorf("too long a list: %v", err)
	}
	e.err = link.NewError(link.CodeNoQueue)
	_, err = x.Settle(t.Context(), caller(rm), items[:1])
	wantCode(t, err, link.CodeNoQueue)
}
