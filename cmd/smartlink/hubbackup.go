package main

import (
	"errors"
	"fmt"

	"smartlink/hub"
	"smartlink/link"
)

type hubBackupCmd struct {
	To string `arg:"" help:"Folder to make; it must not be there yet." placeholder:"DIR"`
}

// Help shows an example.
func (*hubBackupCmd) Help() string {
	return "Example: smartlink hub backup --data ./hub-data backup-2026-03-27\n\n" +
		"The hub may run meanwhile. The copy holds hub.key too: who has it can sign tokens. A PostgreSQL database is backed up with its own tools " +
		"(pg_dump, or continuous archiving), and hub.key beside it."
}

// Run makes the backup.
func (c *hubBackupCmd) Run(e *env, h *hubCmd) error {
	if h.Database != "" {
		return errors.New(link.Both("um banco PostgreSQL é copiado com pg_dump; guarde também o hub.key",
			"a PostgreSQL database is backed up with pg_dump; keep hub.key too").In(e.lang()))
	}
	if err := hub.Backup(e.ctx, h.Data, c.To); err != nil {
		return err
	}
	fmt.Fprintln(e.out, link.Both("cópia em %s", "backup in %s", c.To).In(e.lang()))
	return nil
}

type hubRestoreCmd struct {
	From string `help:"Folder that hub backup made." placeholder:"DIR"`
}

// Help shows an example.
func (*hubRestoreCmd) Help() string {
	return "Example: smartlink hub restore --from backup-2026-03-27 --data ./hub-data\n\n" +
		"After pg_restore: smartlink hub restore --database postgres://…\n\n" +
		"Delivery tags, tokens and log-ins from before are refused: the backup does not know what became of them. Clients that were revoked or " +
		"whose secrets were removed since the backup have to be revoked again."
}

// Run restores.
func (c *hubRestoreCmd) Run(e *env, h *hubCmd) error {
	var err error
	switch {
	case h.Database != "" && c.From == "":
		err = hub.Restored(e.ctx, h.Database)
	case h.Database == "" && c.From != "":
		err = hub.Restore(e.ctx, c.From, h.Data)
	default:
		err = errors.New(link.Both("informe --from e --data, ou --database depois de pg_restore",
			"give --from and --data, or --database after pg_restore").In(e.lang()))
	}
	if err == nil {
		fmt.Fprintln(e.out, link.Both("restaurado; o hub pode iniciar", "restored; the hub can start").In(e.lang()))
	}
	return err
}
