package identity

import (
	"sync"
	"testing"

	"smartlink/link"
)

// others are hubs beside the world's own, on the same registry, which start at once.
func (w *world) others(n int) []*Identity {
	w.Helper()
	list := make([]*Identity, n)
	var all sync.WaitGroup
	for i := range list {
		all.Go(func() {
			var err error
			if list[i], err = Open(w.Context(), w.store, w.options()); err != nil {
				w.Error(err)
			}
		})
	}
	if all.Wait(); w.Failed() {
		w.FailNow()
	}
	return list
}

// TestHubsShareTheirKeys: hubs that start at once on an empty registry make one key and one key file, and
// the tokens of each are good at all.
func TestHubsShareTheirKeys(t *testing.T) {
	w := newWorld(t)
	w.exec(`DELETE FROM signing_key`)
	list := w.others(4)
	if keys := w.store.Current().SigningKeys(); len(keys) != 1 {
		t.Fatalf("%d signing keys", len(keys))
	}
	c, _ := w.store.Current().Client(w.client.ID)
	for _, from := range list {
		token, err := from.issue(c)
		w.must(err)
		for _, to := range list {
			if _, _, err := to.Verify(t.Context(), token); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestOneOfManyHubsReplacesTheKey: whoever is first does, the others take its key; tokens signed with it
// are good everywhere.
func TestOneOfManyHubsReplacesTheKey(t *testing.T) {
	w := newWorld(t)
	list := w.others(4)
	ids := make([]string, len(list))
	var all sync.WaitGroup
	for i, hub := range list {
		all.Go(func() {
			var err error
			if ids[i], err = hub.RotateKey(t.Context(), "ana"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	keys := w.store.Current().SigningKeys()
	if len(keys) != 2 {
		t.Fatalf("%d signing keys", len(keys))
	}
	for _, id := range ids {
		if id != keys[1].ID {
			t.Errorf("a hub speaks of key %q, the new one is %q", id, keys[1].ID)
		}
	}
	w.clock.Advance(jwksAge)
	c, _ := w.store.Current().Client(w.client.ID)
	for _, from := range list {
		token, err := from.issue(c)
		w.must(err)
		if id := part(t, token, 0)["kid"]; id != keys[1].ID {
			t.Errorf("signed with %v", id)
		}
		for _, to := range list {
			if _, _, err := to.Verify(t.Context(), token); err != nil {
				t.Error(err)
			}
		}
	}
	w.clock.Advance(keyOverlap)
	list[0].tendKeys(t.Context())
	list[1].tendKeys(t.Context())
	if left := list[2].ring(); len(left) != 1 || left[0].id != keys[1].ID {
		t.Errorf("%d keys are left", len(left))
	}
}

// TestHubWithAnotherKeyFile does not start: it could read none of the others' keys.
func TestHubWithAnotherKeyFile(t *testing.T) {
	w := newWorld(t)
	w.exec(`DELETE FROM signing_key`)
	w.others(1)
	o := w.options()
	o.KeyFile = w.file("other.key")
	_, err := Open(t.Context(), w.store, o)
	w.want(err, link.CodeHubKey)
}
