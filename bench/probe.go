package main

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// probeTime is how long the probe writes.
const probeTime = 2 * time.Second

// probe appends 4 KiB and waits for the disk, again and again: what one caller alone can get of it.
func probe(ctx context.Context, dir string) (float64, error) {
	f, err := os.Create(filepath.Join(dir, "probe"))
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	block := make([]byte, 4<<10)
	n, began := 0, time.Now()
	for time.Since(began) < probeTime {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if _, err := f.Write(block); err != nil {
			return 0, err
		}
		if err := syncData(f); err != nil {
			return 0, err
		}
		n++
	}
	return float64(n) / time.Since(began).Seconds(), nil
}
