package timed

import "time"

func limit() <-chan time.Time { return time.After(time.Minute) }
