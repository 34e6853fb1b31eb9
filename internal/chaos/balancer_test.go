//go:build killpoints

package chaos

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// balancer stands in front of hubs as a load balancer does: each connection goes to the next hub that
// takes one.
type balancer struct {
	listener net.Listener
	hubs     []string
	next     atomic.Int64
}

func newBalancer(t *testing.T, hubs []string) *balancer {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{listener: l, hubs: hubs}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go b.serve(c)
		}
	}()
	return b
}

func (b *balancer) url() string { return "http://" + b.listener.Addr().String() }

func (b *balancer) serve(in net.Conn) {
	defer func() { _ = in.Close() }()
	for range b.hubs {
		out, err := net.DialTimeout("tcp", b.hubs[b.next.Add(1)%int64(len(b.hubs))], time.Second)
		if err != nil {
			continue
		}
		defer func() { _ = out.Close() }()
		var both sync.WaitGroup
		for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
			both.Go(func() {
				_, _ = io.Copy(way[0], way[1])
				_, _ = way[0].Close(), way[1].Close() // one side's end is the other's
			})
		}
		both.Wait()
		return
	}
}
