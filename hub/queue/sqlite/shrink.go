package sqlite

import (
	"context"

	"smartlink/hub/queue"
)

// Bounds of giving space back.
const (
	shrinkPages = 256 // at once; see statements
	shrinkKeep  = 256 // free pages that stay, for what comes next
)

// shrink gives free pages of queue.db back, when there are more than what comes next will fill.
func (s *Store) shrink(ctx context.Context) (queue.KeepStep, bool, error) {
	var mode, free, pages, size int64
	err := s.reader.QueryRowContext(ctx, `SELECT (SELECT auto_vacuum FROM pragma_auto_vacuum), (SELECT freelist_count FROM pragma_freelist_count),
		(SELECT page_count FROM pragma_page_count), (SELECT page_size FROM pragma_page_size)`).Scan(&mode, &free, &pages, &size)
	if err != nil {
		return queue.KeepStep{}, false, err
	}
	k := &s.keeper
	kept := queue.Kept{Freed: size * max(0, k.pages-pages)} // by the step before; senders may have taken some meanwhile
	k.pages = pages
	if over := free - max(shrinkKeep, pages/4); mode == 2 && over > 0 {
		return queue.KeepStep{Op: opShrink{}, Kept: kept}, true, nil
	}
	// What was given back leaves the file with the log's content.
	_, err = s.reader.ExecContext(ctx, movePassive)
	return queue.KeepStep{Kept: kept}, false, err
}

// opShrink gives free pages back.
type opShrink struct{}

// Size is what it may write.
func (o opShrink) Size() int { return shrinkPages * 4096 }

// Weight is that of many rows: it moves pages.
func (o opShrink) Weight() int { return 64 }

// Alone is false: it can join any group.
func (o opShrink) Alone() bool { return false }

func (g *group) shrink() (queue.Result, error) {
	return queue.Result{}, g.st.shrink.each(func([]any) error { return nil })
}
