package accounting

import (
	"context"

	"smartlink/contracts"
	"smartlink/rm/command"
	"smartlink/rm/ledger"
)

// writeLines writes what changed of the lines and of their apportionments.
func (n *entry) writeLines(ctx context.Context) error {
	for _, l := range n.removed {
		for _, row := range l.Rows("Rateios") {
			if err := ledger.DeleteManagerial(ctx, n.Tx, row); err != nil {
				return err
			}
		}
		if err := ledger.DeleteLine(ctx, n.Tx, l); err != nil {
			return err
		}
	}
	fresh := int64(0)
	for _, l := range n.lines {
		if l.old == nil {
			fresh++
		}
	}
	var next int64
	if fresh > 0 {
		var err error
		if next, err = ledger.NextLineIDs(ctx, n.Tx, n.head.Int("CodColigada"), int(fresh)); err != nil {
			return err
		}
	}
	for _, l := range n.lines {
		if !l.given {
			continue // stays as it is
		}
		if l.old == nil {
			l.Set("IdPartida", contracts.Int(next))
			next++
		}
		if err := n.writeLine(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

func (n *entry) writeLine(ctx context.Context, l *line) error {
	for _, name := range []string{"CodColigada", "CodLote", "IdLancamento"} {
		l.Set(name, contracts.Int(n.head.Int(name)))
	}
	for account, company := range map[string]string{"Debito": "CodColDebito", "Credito": "CodColCredito", "Partida": "CodColPartida"} {
		if !l.Has(account) {
			l.Set(company, contracts.Value{State: contracts.Null}) // the company of nothing
		}
	}
	switch {
	case l.old == nil:
		l.Set("CodLoteOrigem", contracts.Int(n.head.Int("CodLote")))
		l.Set("LctRef", contracts.Int(n.head.Int("IdLancamento")))
		if !l.Has("CodUsuario") {
			l.Set("CodUsuario", n.User("CodUsuario", "UsuarioInclusao"))
		}
		if err := ledger.InsertLine(ctx, n.Tx, l.Record); err != nil {
			return err
		}
	case command.Differs(l.Record, l.old):
		if err := ledger.UpdateLine(ctx, n.Tx, l.Record); err != nil {
			return err
		}
	}
	return n.writeRows(ctx, l)
}

// writeRows writes a line's apportionment. Account and date of a row are the line's.
func (n *entry) writeRows(ctx context.Context, l *line) error {
	for _, row := range l.rows.Remove {
		if err := ledger.DeleteManagerial(ctx, n.Tx, row); err != nil {
			return err
		}
	}
	company, id := n.head.Int("CodColigada"), l.Int("IdPartida")
	var next int64
	if fresh := len(l.rows.Add); fresh > 0 {
		var err error
		if next, err = ledger.NextManagerialIDs(ctx, n.Tx, company, id, fresh); err != nil {
			return err
		}
	}
	for _, row := range l.rows.All {
		old := l.rows.Old[row]
		whole := row.Copy()
		whole.Set("CodColigada", contracts.Int(company))
		whole.Set("IdPartida", contracts.Int(id))
		whole.Set("LctRef", l.Value("LctRef"))
		whole.Set("Data", l.Value("Data"))
		whole.Set("CodConta", l.Value("Debito"))
		if row.Int("VlrCredito") != 0 {
			whole.Set("CodConta", l.Value("Credito"))
		}
		switch {
		case old == nil:
			whole.Set("IdRateio", contracts.Int(next))
			next++
			if err := ledger.InsertManagerial(ctx, n.Tx, whole); err != nil {
				return err
			}
		case command.Differs(whole, old):
			if err := ledger.UpdateManagerial(ctx, n.Tx, whole); err != nil {
				return err
			}
		}
	}
	return nil
}
