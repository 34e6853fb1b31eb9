package main

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// probe appends 4 KiB and waits for the disk, again and again: what one caller alone can get of it.
func probe(ctx context.Context, s *stage, dir string) ([]float64, error) {
	f, err := os.Create(filepath.Join(dir, "probe"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	block := make([]byte, 4<<10)
	var took []time.Duration
	began := time.Now()
	for time.Since(began) < s.load() {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		one := time.Now()
		if _, err := f.Write(block); err != nil {
			return nil, err
		}
		if err := syncData(f); err != nil {
			return nil, err
		}
		took = append(took, time.Since(one))
	}
	return []float64{float64(len(took)) / time.Since(began).Seconds(), milliseconds(quantile(took, 0.99))}, nil
}
