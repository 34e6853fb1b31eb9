package executor

import (
	"cmp"
	"fmt"
	"time"

	"smartlink/agent/inbox"
)

// Retry holds the figures of the original's retry schedule (totvsAppConfig_v2.json).
type Retry struct {
	MinutesInterval    int // 0 = 1
	FatorTempoExecucao int // 0 = 1
	QtdeTentativasExec int // attempts in all, and a factor of every wait; 0 = 5
}

// maxDeaths is how often the agent may die while executing a message before it is blocked.
const maxDeaths = 3

func (r Retry) withDefaults() Retry {
	for _, f := range []struct {
		figure *int
		value  int
	}{{&r.MinutesInterval, 1}, {&r.FatorTempoExecucao, 1}, {&r.QtdeTentativasExec, 5}} {
		if *f.figure == 0 {
			*f.figure = f.value
		}
	}
	return r
}

// of are the figures for messages of a type with options.
func (r Retry) of(o inbox.TypeOptions) Retry {
	return Retry{
		MinutesInterval:    cmp.Or(o.MinutesInterval, r.MinutesInterval),
		FatorTempoExecucao: cmp.Or(o.FatorTempoExecucao, r.FatorTempoExecucao),
		QtdeTentativasExec: cmp.Or(o.QtdeTentativasExec, r.QtdeTentativasExec),
	}
}

func (r Retry) check() error {
	if r.MinutesInterval < 0 || r.FatorTempoExecucao < 0 || r.QtdeTentativasExec < 0 {
		return fmt.Errorf("retry figures %d, %d, %d: none may be negative", r.MinutesInterval, r.FatorTempoExecucao, r.QtdeTentativasExec)
	}
	return nil
}

// wait is the time from a failed attempt to the next: with the defaults 5, 10, 15 and 20 minutes.
func (r Retry) wait(attempt int) time.Duration {
	return time.Duration(r.MinutesInterval*r.FatorTempoExecucao*r.QtdeTentativasExec*attempt) * time.Minute
}

// last tells whether no attempt follows this one.
func (r Retry) last(attempt int) bool { return attempt >= r.QtdeTentativasExec }
