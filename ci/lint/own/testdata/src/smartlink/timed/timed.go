// Package timed tries rules realtime and testsleep.
package timed

import "time"

var now = time.Now // want `time.Now reads the machine's clock`

func wait(c chan int) time.Duration {
	time.Sleep(time.Second) // want `time.Sleep reads the machine's clock`
	select {
	case <-c:
	case <-time.After(time.Minute): // want `time.After reads the machine's clock`
	}
	t := time.NewTimer(time.Second) // want `time.NewTimer reads the machine's clock`
	t.Reset(time.Second)
	if time.Unix(0, 0).After(time.Unix(1, 0)) { // a method, no clock
		return 0
	}
	return time.Since(time.Unix(0, 0)) // want `time.Since reads the machine's clock`
}
