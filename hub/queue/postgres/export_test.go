package postgres

// Deadlocks is how many groups were repeated because of one.
func (s *Store) Deadlocks() int64 { return s.deadlocks.Load() }

// SpendTags leaves n tags before a new epoch is begun.
func (s *Store) SpendTags(n int64) {
	s.tags.mu.Lock()
	defer s.tags.mu.Unlock()
	s.tags.counter = 1<<tagBits - tagReserve - n
}
