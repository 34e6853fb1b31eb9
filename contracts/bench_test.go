package contracts_test

import (
	"os"
	"testing"

	"smartlink/contracts"
)

// BenchmarkDecodeJSON reads examples that hold a record with rows, and rows of rows.
func BenchmarkDecodeJSON(b *testing.B) {
	bench(b, func(c *contracts.Command, body []byte) contracts.Findings {
		_, found := c.DecodeJSON(body)
		return found
	})
}

func bench(b *testing.B, check func(*contracts.Command, []byte) contracts.Findings) {
	for name, c := range map[string]*contracts.Command{"finlan-inc": contracts.FinLanInc, "ctblan-inc": contracts.CtbLanInc} {
		body, err := os.ReadFile("../examples/" + name + ".json")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if found := check(c, body); !found.OK() {
					b.Fatal(found)
				}
			}
		})
	}
}

// BenchmarkCheckJSON finds the same without keeping what it reads.
func BenchmarkCheckJSON(b *testing.B) { bench(b, (*contracts.Command).CheckJSON) }
