package exchange

import (
	"context"
	"runtime"
	"sync"

	"smartlink/hub/queue"
	"smartlink/link"
)

// Sent is what one message of a batch came to.
type Sent struct {
	Response link.SendResponse
	Err      error // as Send would answer it
}

// SendBatch stores up to link.MaxBatch messages, each on its own as Send would, in their order. Errors
// of the whole: link.CodeRequestInvalid for none or too many, link.CodeUnavailable.
func (x *Exchange) SendBatch(ctx context.Context, c Caller, list []Send) ([]Sent, error) {
	if len(list) == 0 || len(list) > link.MaxBatch {
		return nil, link.NewError(link.CodeRequestInvalid).
			At("/messages", link.CodeRequestInvalid, link.Both("de 1 a %d mensagens", "from 1 to %d messages", link.MaxBatch))
	}
	sent := make([]Sent, len(list))
	good, wrong := prepareAll(c, list, sent)
	places := make([]int, 0, len(list)) // of the good ones in the batch
	for i := range list {
		if sent[i].Err != nil {
			continue
		}
		if n := len(places); n != i {
			good[n], wrong[n] = good[i], wrong[i]
		}
		places = append(places, i)
	}
	good = good[:len(places)]
	published, err := x.engine.PublishAll(ctx, good)
	if err != nil {
		return nil, err
	}
	for i := range published {
		p, s := &published[i], &sent[places[i]]
		if s.Err = p.Err; s.Err == nil {
			s.Response = sendResponse(c.Lang, &good[i], wrong[i], p.PublishResult)
		}
	}
	return sent, nil
}

// minShare is how many messages are worth a goroutine of their own.
const minShare = 16

// prepareAll prepares messages side by side: reading them is most of the work that a batch makes before it
// is stored. What is wrong with one is put into sent; the second answer is where each does not match its schema.
func prepareAll(c Caller, list []Send, sent []Sent) ([]queue.Publish, [][]link.FieldError) {
	ready, wrong := make([]queue.Publish, len(list)), make([][]link.FieldError, len(list))
	shares := max(min(runtime.GOMAXPROCS(0), len(list)/minShare), 1)
	prepareShare := func(share int) {
		var before map[string]string
		for i := share; i < len(list); i += shares {
			p, err := prepare(c, list[i], before)
			ready[i], wrong[i], sent[i].Err, before = p.Publish, p.wrong, err, p.Message.Headers
		}
	}
	var all sync.WaitGroup
	for share := 1; share < shares; share++ {
		all.Go(func() { prepareShare(share) })
	}
	prepareShare(0)
	all.Wait()
	return ready, wrong
}
