package finance_test

import (
	"path/filepath"
	"testing"

	"smartlink/consumer"
	"smartlink/contracts"
	"smartlink/examples"
	"smartlink/rm/rmtest"
)

// BenchmarkFinLanInc books the example, with two rows and a custom field, again and again in one
// transaction: the consumer alone, without the executor, its inbox and its commits.
func BenchmarkFinLanInc(b *testing.B) {
	body := string(examples.Body(examples.FinLanInc))
	books := rmtest.OpenFile(b, filepath.Join(b.TempDir(), "rm.db"))
	book := func(tx consumer.Tx) {
		if result := rmtest.Attempt(b.Context(), tx, inc, body); result.Kind != consumer.KindDone {
			b.Fatalf("%s: %v %v", result.Kind, rmtest.Lines(result.Errors), result.Cause)
		}
	}
	tx, rollback := books.Begin() // which statements there are
	book(tx)
	rollback()
	tx, rollback = books.Begin()
	defer rollback()
	for b.Loop() {
		book(tx)
	}
}

// BenchmarkFinLanIncRefused refuses the example that breaks two rules.
func BenchmarkFinLanIncRefused(b *testing.B) {
	body := string(examples.Body(examples.FinLanIncRefused))
	books := rmtest.OpenFile(b, filepath.Join(b.TempDir(), "rm.db"))
	for range 2 {
		tx, rollback := books.Begin()
		rmtest.Attempt(b.Context(), tx, inc, body)
		rollback()
	}
	tx, rollback := books.Begin()
	defer rollback()
	for b.Loop() {
		if result := rmtest.Attempt(b.Context(), tx, inc, body); len(result.Errors) != 2 {
			b.Fatalf("%s: %v %v", result.Kind, rmtest.Lines(result.Errors), result.Cause)
		}
	}
}

// BenchmarkFinLanIncDecode reads the example's form alone.
func BenchmarkFinLanIncDecode(b *testing.B) {
	body := examples.Body(examples.FinLanInc)
	for b.Loop() {
		if _, found := contracts.FinLanInc.Decode(body); !found.OK() {
			b.Fatal(found)
		}
	}
}
