//go:build !linux

package reactor

// newNative gives nothing where there is no epoll.
func newNative() (waiter, error) { return nil, nil }
