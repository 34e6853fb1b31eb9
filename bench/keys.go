package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"

	"smartlink/hub/queue"
	"smartlink/hub/queue/queuetest"
	"smartlink/hub/queue/sqlite"
	"smartlink/hub/search"
)

// suppliers is how many there are to search by.
const suppliers = 2000

// engineKeys measures sends that are found by three values of their bodies: a document number that grows,
// a supplier out of some, and a number of the customer's own that is anything.
func engineKeys(ctx context.Context, s *stage, dir string) (values []float64, err error) {
	store, err := sqlite.Open(ctx, filepath.Join(dir, "queue.db"), sqlite.Options{})
	if err != nil {
		return nil, err
	}
	e := queue.New(store, queue.Options{})
	if err := e.Start(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Stop(context.WithoutCancel(ctx))) }()
	most := callers[len(callers)-1]
	load, err := queuetest.NewLoad(ctx, e, most, bodySize)
	if err != nil {
		return nil, err
	}
	paths, wrong := search.ParsePaths([]string{"/data/NumeroDocumento", "/data/CodCfo", "/data/SegundoNumero"})
	if len(wrong) > 0 {
		return nil, errors.New(wrong[0].Detail)
	}
	var number atomic.Int64
	load.Keys = func() [][]byte {
		return paths.KeysOfValid(fmt.Appendf(nil, `{"data":{"NumeroDocumento":"NF-%09d","CodCfo":"F%05d","SegundoNumero":"%d"}}`,
			number.Add(1), rand.N(suppliers), rand.Uint64()))
	}
	for _, n := range callers[1:] {
		rate, err := hammer(ctx, n, s.load(), func(ctx context.Context, _ int) (int, error) { return 1, load.SendOne(ctx) })
		if err != nil {
			return nil, err
		}
		values = append(values, rate)
	}
	return values, nil
}
