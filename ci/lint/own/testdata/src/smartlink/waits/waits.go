// Package waits tries rule testsleep; outside tests, sleeping is rule realtime's business.
package waits

import "time"

func pause() { time.Sleep(time.Second) }
