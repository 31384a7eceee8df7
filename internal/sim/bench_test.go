package sim

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

// busyTenant answers every poll at once with one message. The first poll of each customer waits for
// the begin of what is measured; after so many others the agent hangs up.
type busyTenant struct {
	*scripted
	customers int64
	most      int64 // polls to measure
	polls     atomic.Int64
	talking   chan struct{} // closed: all customers poll
	begin     chan struct{} // closed: what is measured begins
	enough    chan struct{} // closed: it is over
	message   string
	goodbye   string
}

func newBusyTenant(customers, polls int) *busyTenant {
	return &busyTenant{scripted: newScripted(nil), customers: int64(customers), most: int64(polls),
		talking: make(chan struct{}), begin: make(chan struct{}), enough: make(chan struct{}),
		message: brings(said(aicc.FromAgent, "cb1.3mv.0.0.a.0.-.9ugxnorjls.l.ce59fd8d please give me a moment")).body,
		goodbye: brings(bye(aicc.FromAgent)).body}
}

func (s *busyTenant) handle(x *http1.Exchange) {
	if string(x.Path) != aicc.PathPoll {
		s.scripted.handle(x)
		return
	}
	n := s.polls.Add(1)
	switch n {
	case s.customers:
		close(s.talking)
	case s.customers + s.most:
		close(s.enough)
	}
	if n <= s.customers {
		<-s.begin
	}
	x.ContentType = "application/json"
	if n < s.customers+s.most {
		x.Body = append(x.Body, s.message...)
	} else {
		x.Body = append(x.Body, s.goodbye...)
	}
}

// deaf hears events and keeps nothing.
type deaf struct{}

func (deaf) Observe(*trace.Event) {}
func (deaf) Close()               {}

// BenchmarkPoll is a poll that brings one message, end to end and over and over: the alarm, the
// request, loopback, the loop, the answer, its events. The tenant's side of the exchange is in it.
func BenchmarkPoll(b *testing.B) {
	for _, crowd := range []int{1, 100} {
		b.Run(fmt.Sprintf("customers=%d", crowd), func(b *testing.B) { benchPolls(b, crowd) })
	}
}

func benchPolls(b *testing.B, crowd int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	tenant := newBusyTenant(crowd, b.N)
	server := &http1.Server{Handler: tenant.handle, IdleTimeout: time.Hour}
	go server.Serve(l)                       //nolint:errcheck // it ends when it is closed
	defer server.Close(context.Background()) //nolint:errcheck // without a deadline it cannot fail
	endpoint, err := NewEndpoint(scenario.Target{URL: "http://" + l.Addr().String(), Channel: channel, AppKey: "key", AppSecret: secret}, nil)
	if err != nil {
		b.Fatal(err)
	}
	s := customers(scene(think(time.Hour)), crowd, ms)
	s.Poll.Pause = 0
	over := make(chan Outcome)
	go func() {
		over <- Run(b.Context(), Config{Scenario: s, Endpoint: endpoint, Run: 7, Seed: 1, Observe: func(int) Observer { return deaf{} }})
	}()
	<-tenant.talking
	b.ReportAllocs()
	b.ResetTimer()
	close(tenant.begin)
	<-tenant.enough
	b.StopTimer()
	if out := <-over; out.Customers != crowd || out.Gone != nil || out.Bug != nil {
		b.Errorf("%d customers, want %d; the tenant gone: %v; bug: %v", out.Customers, crowd, out.Gone, out.Bug)
	}
}

// BenchmarkArrivals is the time of one arrival of an open load whose rate changes.
func BenchmarkArrivals(b *testing.B) {
	load := scenario.Load{Open: true, Stages: []scenario.Stage{{Arrivals: 1000, Ramp: true, Poisson: true, Length: 1e6 * time.Hour}}}
	b.ReportAllocs()
	n := 0
	for range arrivals(load, 1) {
		if n++; n > b.N {
			break
		}
	}
}
