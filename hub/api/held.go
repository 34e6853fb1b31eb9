package api

import (
	"net/http"
	"sync"

	"smartlink/link"
)

// held counts the bytes of clients' bodies that are being received or worked on, so that many large ones
// at the same time cost a known amount of memory. One client has at most half of it: it cannot take
// everything from the others.
type held struct {
	most int64 // zero: no limit

	mu      sync.Mutex
	all     int64
	clients map[link.ClientID]int64
}

// take counts a body, if there is room for it.
func (h *held) take(client link.ClientID, bytes int64) bool {
	if h.most <= 0 || client == "" {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all+bytes > h.most || h.clients[client]+bytes > h.most/2 {
		return false
	}
	if h.clients == nil {
		h.clients = map[link.ClientID]int64{}
	}
	h.all += bytes
	h.clients[client] += bytes
	return true
}

// give gives back what take counted.
func (h *held) give(client link.ClientID, bytes int64) {
	if h.most <= 0 || client == "" || bytes == 0 {
		return // most calls have no body, and the first ones come before any
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all -= bytes
	if h.clients[client] -= bytes; h.clients[client] <= 0 {
		delete(h.clients, client)
	}
}

// hold counts the call's body until the call ends. Errors: link.CodeRateLimited.
func (c *call) hold(bytes int64) error {
	if !c.door.held.take(c.caller.Client.ID, bytes) {
		c.door.count.limited.WithLabelValues("bodies").Inc()
		c.Header().Set("Connection", "close") // the rest of the body is not read
		e := link.NewError(link.CodeRateLimited)
		e.Header = http.Header{"Retry-After": {"1"}}
		return e
	}
	c.bytes += bytes
	return nil
}
