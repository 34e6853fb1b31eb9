package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"

	"smartlink/client"
	"smartlink/link"
)

// Callers that send at the same time share requests; each gets the answer to its own message.
func ExampleSender() {
	hub := httptest.NewServer(http.HandlerFunc(storeAll))
	defer hub.Close()
	c, err := client.New(client.Config{Server: hub.URL, ClientID: link.NewClientID(), Secret: "secret"})
	if err != nil {
		fmt.Println(err)
		return
	}
	sender := client.NewSender(c, client.SenderOptions{})
	var callers sync.WaitGroup
	stored := make([]bool, 100)
	for i := range stored {
		callers.Go(func() {
			sent, err := sender.Send(context.Background(), client.Message{
				Type: "FinLanIncDataCommand", BusinessKey: fmt.Sprintf("contract 42/instalment %d", i), Body: []byte(`{"data":{}}`),
			})
			stored[i] = err == nil && len(sent.Queues) > 0
		})
	}
	callers.Wait()
	fmt.Println(stored[0], stored[99], sender.Close(context.Background()))
	// Output: true true <nil>
}

// storeAll answers as a hub that stores everything.
func storeAll(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/api/v1/link/send" {
		fmt.Fprint(w, `{"access_token":"token","token_type":"Bearer","expires_in":900}`)
		return
	}
	var in link.BatchRequest
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	out := link.BatchResponse{}
	for range in.Messages {
		out.Results = append(out.Results, link.BatchResult{
			Status: http.StatusAccepted, SendResponse: &link.SendResponse{MessageID: link.NewID(), Queues: []string{"queue of the ERP"}},
		})
	}
	_ = json.NewEncoder(w).Encode(out)
}
