package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"smartlink/contracts"
	"smartlink/internal/clock"
	"smartlink/internal/sqldb"
)

// settle is the end of the story: somebody settles an entry in RM. RM's own code tells Gesplan, by a row
// that it inserts into the agent's table in the same transaction (docs/en/upstream.md): an event that is
// no answer.
func (t *teller) settle(ctx context.Context, entry map[string]int64) error {
	e := contracts.FinLanBaixado{
		CodColigada: entry["CodColigada"], IdLan: entry["IdLan"], StatusLan: contracts.EntrySettled, DataBaixa: contracts.DateOf(clock.Real.Now().UTC()),
	}
	key := fmt.Sprintf("baixa %d;%d", e.CodColigada, e.IdLan)
	fmt.Fprintf(t.out, "\n%d. RM settles the entry and tells Gesplan: an event, no answer\n", len(chapters)+1)
	began := clock.Real.Now()
	if err := t.inRM(ctx, &e, key); err != nil {
		return fmt.Errorf("settle an entry in RM: %w", err)
	}
	for {
		m, came := t.events[key]
		if !came {
			if err := t.read(ctx); err != nil {
				return fmt.Errorf("event %q: %w", key, err)
			}
			continue
		}
		fmt.Fprintf(t.out, "   %-8s settled FLAN %d;%d, %s of %s; the row of the event is part of the same transaction\n", "RM", e.CodColigada, e.IdLan, e.ValorBaixado, e.ValorOriginal)
		fmt.Fprintf(t.out, "   %-8s %s  business key %s, from %s\n", "message", m.ID, m.BusinessKey, m.Sender.App)
		fmt.Fprintf(t.out, "   %-8s has the event %s, %d ms after the commit: %s\n", "Gesplan", m.Type, clock.Real.Now().Sub(began).Milliseconds(), m.Body)
		return nil
	}
}

// inRM is what RM's own code does, with SmartLink nowhere in it.
func (t *teller) inRM(ctx context.Context, e *contracts.FinLanBaixado, key string) (err error) {
	db, err := sqldb.OpenSQLite(ctx, t.books, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	var value string
	err = tx.QueryRowContext(ctx, `UPDATE FLAN SET STATUSLAN = ?, DATABAIXA = ?, VALORBAIXADO = VALORORIGINAL WHERE CODCOLIGADA = ? AND IDLAN = ?
		RETURNING NUMERODOCUMENTO, VALORORIGINAL`, e.StatusLan, e.DataBaixa, e.CodColigada, e.IdLan).Scan(&e.NumeroDocumento, &value)
	if err != nil {
		return err
	}
	if e.ValorOriginal, err = contracts.Money.Parse(value); err != nil {
		return err
	}
	e.ValorBaixado = e.ValorOriginal
	if err := putUp(ctx, tx, e, key); err != nil {
		return err
	}
	return tx.Commit()
}

// putUp inserts a row as the contract for other code says.
func putUp(ctx context.Context, tx *sql.Tx, e *contracts.FinLanBaixado, key string) error {
	now := clock.Real.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
	_, err := tx.ExecContext(ctx, `INSERT INTO GTOTVSLINKMESSAGE (ID, TYPEMESSAGE, TYPEEVENT, STATE, AUDIENCE, BUSINESSKEY, ORDERINGKEY, DATA,
		RECCREATEDBY, RECCREATEDON, RECMODIFIEDBY, RECMODIFIEDON) VALUES (?1, ?2, 'Upstream', 'stored', ?3, ?4, ?5, ?6, 'RM', ?7, 'RM', ?7)`,
		uuid.NewString(), contracts.FinLanBaixadoType, AppGesplan, key, fmt.Sprintf("%d;%d", e.CodColigada, e.IdLan), string(e.Body()), now)
	return err
}
