// Package http1 is HTTP/1.1 on a connection one already has: one exchange at a time, in buffers
// that are borrowed for the exchange and given back.
//
// A load run keeps two connections for each of thousands of customers. The standard library's
// client and server spend goroutines, buffers and wake-ups on generality that a run does not use,
// and at ten thousand paced connections the client's own scheduling shows up as latency of the
// tenant (docs/performance.md). So both sides of a run speak through this package. It does what a
// chat client and its server meet: persistent connections, Content-Length and chunked bodies,
// bodies that end with the connection, interim 1xx answers, gzip, Expect: 100-continue, limits on
// everything. It does not do pipelining on the asking side, trailers' values, upgrades, proxies,
// cookies or redirects.
//
// It is tested against net/http on both sides. Where it is stricter on purpose, it refuses what
// might be read in two ways; fuzz_test.go lists the differences.
package http1
