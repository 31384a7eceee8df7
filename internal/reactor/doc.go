// Package reactor waits for many connections and many moments at once, without a goroutine for each.
//
// Most of a customer's life is waiting: for the answer to a poll that the tenant holds, and for the
// moment of the next one. A goroutine that waits costs a stack of 8 KiB and a timer, and to wake it
// costs as much as a small system call. So a few loops wait for all of them: a [Loop] calls when a
// connection has something to read ([Conn.OnReady]) and when a moment has come ([Alarm]). What it
// calls runs on the loop, one call after the other, and must not wait.
//
// On Linux a loop waits in an epoll instance of its own, which in turn the Go runtime waits for, so
// that a waiting loop holds no thread. Elsewhere, and for connections without a descriptor, such as
// those of tests in virtual time, a goroutine for each connection reads ahead; all else is the same.
//
// The package knows nothing of HTTP, and does not open connections.
package reactor
