package consumertest_test

import (
	"context"
	"encoding/json"
	"fmt"

	"smartlink/consumer"
	"smartlink/consumer/consumertest"
	"smartlink/link"
)

// greet is a whole consumer: it writes down who is greeted, once.
type greet struct{}

func (greet) Type() string        { return "GreetDataCommand" }
func (greet) Transactional() bool { return true }

func (greet) Execute(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log) consumer.Outcome {
	var body struct{ Data struct{ Name string } }
	if err := json.Unmarshal(x.Message.Body, &body); err != nil || body.Data.Name == "" {
		return consumer.Reject([]link.Fault{{Code: "NAME-MISSING", Pointer: "/data/Name", Description: "Informe Name.", DescriptionEn: "Give Name."}})
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO GREETED (NAME) VALUES (?)`, body.Data.Name); err != nil {
		return consumer.Retry(0, err)
	}
	log.Info("greeted %s", body.Data.Name)
	return consumer.Done(body.Data.Name, map[string]any{"Name": body.Data.Name})
}

// A consumer is tested alone: open a runner, make the tables it needs, run a message, look at the
// outcome and at the database.
func Example() {
	ctx := context.Background()
	runner, err := consumertest.Open(ctx, "") // in memory
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = runner.Close() }()
	if _, err := runner.DB.ExecContext(ctx, `CREATE TABLE GREETED (NAME TEXT NOT NULL)`); err != nil {
		fmt.Println(err)
		return
	}
	for _, body := range []string{`{"data":{"Name":"Ana"}}`, `{"data":{}}`} {
		result, err := runner.Run(ctx, greet{}, consumertest.Message("GreetDataCommand", body))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(result.Kind, result.Committed, result.Key, len(result.Errors), result.Lines)
	}
	var n int
	if err := runner.DB.QueryRowContext(ctx, `SELECT COUNT(*) FROM GREETED`).Scan(&n); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("rows:", n)
	// Output:
	// done true Ana 0 [{info greeted Ana}]
	// reject false  1 []
	// rows: 1
}
