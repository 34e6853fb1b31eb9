package executor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/link"
)

// outsideCommand is the type of messages that are executed outside.
const outsideCommand = "OutsideCommand"

// settles is how long a call of the test's other side may take effect.
const settles = time.Minute

// other is the program that executes messages outside: it books a marker as often as it is told to, so
// that a double booking shows.
type other struct {
	t        *testing.T
	w        *world
	mu       sync.Mutex
	booked   []string          // markers in the order of booking
	docs     map[string]string // documents by marker
	order    []string          // documents in the order of booking
	calls    []consumer.Call
	finds    int
	parallel int
	send     func(ctx context.Context, c consumer.Call, log consumer.Log) consumer.Outcome // nil: book
	find     func(c consumer.Call) consumer.Outcome                                        // nil: what is booked
}

func (o *other) Type() string           { return outsideCommand }
func (o *other) Settles() time.Duration { return settles }
func (o *other) Parallel() int          { return o.parallel }

func (o *other) Send(ctx context.Context, c consumer.Call, log consumer.Log) consumer.Outcome {
	o.mu.Lock()
	o.calls = append(o.calls, c)
	send := o.send
	o.mu.Unlock()
	if send != nil {
		return send(ctx, c, log)
	}
	return o.book(c)
}

// book executes a call.
func (o *other) book(c consumer.Call) consumer.Outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	var body agenttest.Body
	if err := json.Unmarshal(c.Message.Body, &body); err != nil {
		o.t.Error(err)
	}
	o.booked = append(o.booked, c.Marker)
	o.order = append(o.order, body.Doc)
	o.docs[c.Marker] = body.Doc
	return consumer.Done("booked-"+body.Doc, map[string]any{"Doc": body.Doc})
}

func (o *other) Find(_ context.Context, c consumer.Call, _ consumer.Log) consumer.Outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.finds++
	if o.find != nil {
		return o.find(c)
	}
	return o.found(c)
}

func (o *other) found(c consumer.Call) consumer.Outcome {
	if slices.Contains(o.booked, c.Marker) {
		return consumer.Done("booked-"+o.docs[c.Marker], nil)
	}
	return consumer.Absent()
}

// sends makes Send do something from now on; nil: it books.
func (o *other) sends(send func(ctx context.Context, c consumer.Call, log consumer.Log) consumer.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.send = send
}

func newOutside(t *testing.T, change ...func(*executor.Config)) (*world, *other) {
	o := &other{t: t, docs: map[string]string{}}
	w := newWorld(t, append([]func(*executor.Config){func(c *executor.Config) { c.Outside = []consumer.Outside{o} }}, change...)...)
	o.w = w
	return w, o
}

func outside(m *link.Message) { m.Type = outsideCommand }

// out lets the consumers outside execute until nothing is due.
func (w *world) out() int {
	w.t.Helper()
	for total := 0; ; {
		n, err := w.e.RunOutside(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if n == 0 {
			return total
		}
		total += n
	}
}

// dies ends a round in the middle of a call, as kill -9 does: nothing that follows it happens. The
// executor starts anew.
func (w *world) dies() {
	w.t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = w.e.RunOutside(w.t.Context())
	}()
	<-ended
	w.restart()
}

// onceBooked expects a document to be booked and answered once.
func (w *world) onceBooked(o *other, d link.Delivery, doc string) {
	w.t.Helper()
	if a := w.answer(d); a.Status != link.ERPDone || a.Key != "booked-"+doc {
		w.t.Errorf("answer %+v", a)
	}
	if !slices.Equal(o.order, []string{doc}) {
		w.t.Errorf("booked %v", o.order)
	}
	if n := w.Int(w.t, `SELECT PENDING FROM SMARTLINKINTENT`); n != 0 {
		w.t.Error("the intent is still pending")
	}
}

// TestAnythingMayGoWrongOutside plays random faults on both sides: calls that are lost before or after
// they are booked, booked late, refused for a time, a side that is away, an agent that dies. In the end
// everything is booked once, and each key in its order.
func TestAnythingMayGoWrongOutside(t *testing.T) {
	for seed := range int64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w, o := newOutside(t, func(c *executor.Config) { c.Retry = executor.Retry{QtdeTentativasExec: 1000} })
			rnd := rand.New(rand.NewSource(seed))
			var late []consumer.Call
			trouble := true
			o.sends(func(_ context.Context, c consumer.Call, _ consumer.Log) consumer.Outcome {
				what := 9
				if trouble {
					what = rnd.Intn(10)
				}
				switch what {
				case 0:
					return consumer.Unknown(errors.New("lost on its way"))
				case 1:
					o.book(c)
					return consumer.Unknown(errors.New("answer lost"))
				case 2:
					late = append(late, c)
					return consumer.Unknown(errors.New("slow"))
				case 3:
					return consumer.Away(0, errors.New("refused"))
				case 4:
					return consumer.Retry(time.Second, errors.New("not now"))
				case 5:
					o.book(c)
					runtime.Goexit()
				case 6:
					runtime.Goexit()
				}
				return o.book(c)
			})
			o.find = func(c consumer.Call) consumer.Outcome {
				if trouble && rnd.Intn(4) == 0 {
					return consumer.Away(0, errors.New("refused"))
				}
				return o.found(c)
			}
			var sent []link.Delivery
			for i := range 20 {
				sent = append(sent, agenttest.Delivery(fmt.Sprint(100+i), outside, agenttest.OrderingKey(string(rune('a'+i%4)))))
			}
			w.store(sent...)
			for step := 0; ; step++ {
				left, err := w.box.List(t.Context(), inbox.Filter{})
				if err != nil {
					t.Fatal(err)
				}
				if len(left.Items) == 0 {
					break
				}
				for _, i := range left.Items { // three deaths
					if i.State != link.ERPBlocked {
						continue
					}
					if err := w.box.Desk("ana").Reprocess(t.Context(), i.ID); err != nil {
						t.Fatal(err)
					}
				}
				if trouble = step < 150; step > 600 {
					t.Fatal("it comes to no end")
				}
				died := true
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					_, err := w.e.RunOutside(t.Context())
					if died = false; err != nil {
						t.Error(err)
					}
				}()
				if <-ended; died {
					w.restart()
				}
				w.clock.Advance(time.Duration(rnd.Intn(10)) * time.Second)
				late = slices.DeleteFunc(late, func(c consumer.Call) bool {
					if w.clock.Now().Before(c.Began.Add(settles / 2)) {
						return false
					}
					o.book(c)
					return true
				})
			}
			if slices.Sort(o.booked); len(o.booked) != len(sent) || len(slices.Compact(o.booked)) != len(sent) {
				t.Errorf("booked %d of %d: %v", len(slices.Compact(o.booked)), len(sent), o.order)
			}
			byKey := map[int]int{}
			for _, doc := range o.order {
				var n int
				_, _ = fmt.Sscan(doc, &n)
				if n < byKey[n%4] {
					t.Errorf("%d was overtaken: %v", n, o.order)
				}
				byKey[n%4] = n
			}
		})
	}
}
