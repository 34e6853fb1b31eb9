package waits

import "time"

func settle() {
	time.Sleep(time.Millisecond) // want `time.Sleep in a test`
	wait := time.Sleep           // want `time.Sleep in a test`
	wait(1)
	<-time.After(time.Minute) // a limit for a test that hangs
}
