package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"smartlink/hub/queue"
	"smartlink/hub/queue/queuetest"
	"smartlink/hub/search"
)

// suppliers is how many there are to search by.
const suppliers = 2000

// engineKeys measures sends that are found by three values of their bodies: a document number that grows,
// a supplier out of some, and a number of the customer's own that is anything.
func engineKeys(ctx context.Context, s *stage, dir string) ([]float64, error) {
	paths, wrong := search.ParsePaths([]string{"/data/NumeroDocumento", "/data/CodCfo", "/data/SegundoNumero"})
	if len(wrong) > 0 {
		return nil, errors.New(wrong[0].Detail)
	}
	return onEngine(ctx, dir, queue.Options{}, func(load *queuetest.Load) ([]float64, error) {
		var number atomic.Int64
		load.Keys = func() [][]byte {
			return paths.KeysOfValid(fmt.Appendf(nil, `{"data":{"NumeroDocumento":"NF-%09d","CodCfo":"F%05d","SegundoNumero":"%d"}}`,
				number.Add(1), rand.N(suppliers), rand.Uint64()))
		}
		return sends(ctx, s, load, callers[1:])
	})
}
