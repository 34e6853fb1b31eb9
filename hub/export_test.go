package hub

import "github.com/prometheus/client_golang/prometheus"

// Described lists what the hub's figures are described by, also those that have no value yet.
func (h *Hub) Described() []string {
	c := make(chan *prometheus.Desc)
	go func() {
		h.metrics.Describe(c)
		close(c)
	}()
	var list []string
	for d := range c {
		list = append(list, d.String())
	}
	return list
}
