//go:build !linux

package inbox

type source struct{ closed chan struct{} }

func openSource(string) (*source, error) { return nil, ErrNoWatch }

func (*source) wait() bool { return false }

func (*source) close() error { return nil }
