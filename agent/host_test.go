package agent

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"smartlink/agent/activation"
	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/link"
)

// wizardHub lets a client use the app whose only type is agenttest.Command.
type wizardHub struct{ *fakeHub }

func (h wizardHub) TenantApps(context.Context, ...string) (link.TenantApps, error) {
	return link.TenantApps{Items: []link.TenantApp{{Code: "BOOKS", State: link.AppAvailable, Receives: []string{agenttest.Command}}}}, nil
}

func TestHostRunsWhatIsActivated(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		dir := filepath.Dir(w.Installation)
		config := `{"retry":{"MinutesInterval":1,"FatorTempoExecucao":1,"QtdeTentativasExec":3},"apps":[{"code":"BOOKS","name":"Books","types":["` + agenttest.Command + `"]}]}`
		if err := os.WriteFile(filepath.Join(dir, activation.ConfigFile), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		host, err := NewHost(HostConfig{
			Database: w.Database, Installation: w.Installation, Prepare: agenttest.MakeBook,
			Consumers: []consumer.Consumer{&agenttest.Booker{Ways: w.ways}, named{&agenttest.Booker{}, "OtherCommand"}},
			Connect:   func(activation.Credentials) (Hub, error) { return w.hub, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := host.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := host.Stop(context.Background()); err != nil || host.Agent() != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		if host.Agent() != nil || w.hub.setupCount() != 0 {
			t.Fatal("an agent runs before anything is activated")
		}
		folder, err := activation.OpenFolder(w.Installation)
		if err != nil {
			t.Fatal(err)
		}
		wizard := activation.Wizard{Folder: folder, Connect: func(activation.Credentials) (activation.Hub, error) { return wizardHub{w.hub}, nil }}
		_, err = wizard.Activate(t.Context(), activation.Request{
			Credentials: activation.Credentials{Server: "http://hub.example", ClientID: "0123456789abcdef0123456789abcdef", Secret: "s"}, Apps: []string{"BOOKS"},
		})
		if err != nil {
			t.Fatal(err)
		}
		after(watchEvery)
		first := host.Agent()
		if got := w.hub.subscriptions(); first == nil || !slices.Equal(got, []string{agenttest.Command}) {
			t.Fatalf("subscribed %v", got)
		}
		w.hub.put(agenttest.Delivery("a"))
		synctest.Wait()
		if n := len(w.hub.of(response)); n != 1 {
			t.Errorf("%d answers", n)
		}
		after(time.Minute)
		if host.Agent() != first {
			t.Error("the agent was replaced without a change")
		}

		// Options reach the running agent: two attempts instead of three, then blocked.
		if err := wizard.SetOptions(activation.Options{RetryFigures: activation.RetryFigures{QtdeTentativasExec: 2}}); err != nil {
			t.Fatal(err)
		}
		after(watchEvery)
		if host.Agent() == first {
			t.Fatal("the agent does not follow")
		}
		failing := agenttest.Delivery("b", agenttest.Do("fail"))
		w.hub.put(failing)
		after(3 * time.Minute) // 1 × 1 × 2 × 1
		d, err := host.Agent().box.Show(t.Context(), failing.Message.ID)
		if err != nil || d.Item == nil || d.Item.State != link.ERPBlocked || d.Item.Attempt != 2 {
			t.Errorf("%+v, %v", d.Item, err)
		}

		// A trial goes by them, too.
		trial, err := host.try(t.Context(), host.Agent().box, failing.Message.ID)
		if err != nil || trial.State != link.ERPWaiting || trial.NextTry == nil || time.Until(*trial.NextTry) != 2*time.Minute {
			t.Errorf("%+v, %v", trial, err)
		}

		// Removed on a page, which is followed at once: nothing is subscribed, what comes all the same is executed.
		page := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			if _, err := wizard.Remove(t.Context(), []string{"BOOKS"}, false); err != nil {
				t.Error(err)
			}
		})
		host.followed(page).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/activation/remove", nil))
		synctest.Wait()
		w.hub.put(agenttest.Delivery("c"))
		synctest.Wait()
		if got := w.hub.subscriptions(); len(got) != 0 || w.Int(t, `SELECT COUNT(*) FROM BOOK WHERE DOC = 'c'`) != 1 {
			t.Errorf("subscribed %v", got)
		}

		// An activation that cannot be read leaves the agent as it is, and is told.
		running := host.Agent()
		if err := os.WriteFile(filepath.Join(dir, activation.File), []byte(`{"clientId":"x","secret":"AAAA"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		after(watchEvery)
		if host.Agent() != running || link.CodeOf(host.Failure()) != link.CodeSealedElsewhere {
			t.Errorf("failure %v", host.Failure())
		}
	})
}

func TestHostThatCannotStartSaysWhy(t *testing.T) {
	files := agenttest.NewFiles(t)
	if err := os.WriteFile(filepath.Join(filepath.Dir(files.Installation), activation.File), []byte(`{"clientId":"x","secret":"AAAA"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	host, err := NewHost(HostConfig{Database: files.Database, Installation: files.Installation, Consumers: []consumer.Consumer{&agenttest.Booker{}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(t.Context()); link.CodeOf(err) != link.CodeSealedElsewhere {
		t.Errorf("started: %v", err)
	}
	if _, err := NewHost(HostConfig{}); err == nil {
		t.Error("a host of nothing")
	}
}
