package hub_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"smartlink/link"
)

// TestClockThatJumps: the machine's clock is set a day ahead or back under a running hub. Tokens of the
// other time are refused and new ones are good, leases hold, repeats are known, a reader that waits is
// answered.
func TestClockThatJumps(t *testing.T) {
	for jump, refused := range map[time.Duration]link.Code{24 * time.Hour: link.CodeTokenExpired, -24 * time.Hour: link.CodeTokenInvalid} {
		t.Run(jump.String(), func(t *testing.T) {
			r := start(t)
			c := r.people()
			old, _ := r.token(c.ID, c.Secret)
			r.ok(old, "POST", "/api/v1/link/setup", setup, nil)
			const message = `{"header":{"businessKey":"b"},"data":{}}`
			path := "/api/v1/link/send/" + command
			send := func(token string) (s link.SendResponse) {
				t.Helper()
				r.ok(token, "POST", path, `{"specversion":"1.0","id":"k","source":"s","type":"`+command+`","data":{}}`, &s)
				return s
			}
			first := send(old)
			var held link.GetResponse
			r.ok(old, "GET", "/api/v1/link/get?lease=60s", "", &held)

			r.clock.Jump(jump)
			r.wantCode(old, "GET", "/api/v1/link/get", "", http.StatusUnauthorized, refused)
			token, problem := r.token(c.ID, c.Secret)
			if problem != "" {
				t.Fatalf("no token: %s", problem)
			}
			if s := send(token); !s.Duplicate || s.MessageID != first.MessageID {
				t.Errorf("the repeat is %+v", s)
			}
			if status, _ := r.call(token, "GET", "/api/v1/link/get", "", nil); status != http.StatusNoContent {
				t.Errorf("a message that is with somebody: %d", status)
			}
			waited := make(chan int, 1)
			go func() {
				req, _ := http.NewRequestWithContext(context.Background(), "GET", "http://"+r.Addr()+"/api/v1/link/get?wait=30s", nil)
				req.Header.Set("Authorization", "Bearer "+token)
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					waited <- 0
					return
				}
				_ = resp.Body.Close()
				waited <- resp.StatusCode
			}()
			<-r.clock.waits
			r.clock.Jump(-jump)
			r.clock.Jump(jump)
			r.clock.Advance(30 * time.Second)
			if status := <-waited; status != http.StatusNoContent {
				t.Errorf("the reader that waited: %d", status)
			}
			r.ok(token, "POST", "/api/v1/link/ack", fmt.Sprintf(`{"deliveryTag":%d,"ack":true}`, held.Messages[0].Tag), nil)
			r.ok(token, "POST", path, message, nil)
			var next link.GetResponse
			r.ok(token, "GET", "/api/v1/link/get", "", &next)
			if len(next.Messages) != 1 || next.Messages[0].Message.BusinessKey != "b" {
				t.Errorf("then %+v", next)
			}
			r.ok(r.key, "GET", "/api/v1/admin/clients", "", nil)
			if status, _ := r.call("", "GET", "/readyz", "", nil); status != http.StatusOK {
				t.Errorf("ready: %d", status)
			}
		})
	}
}
