package tenant

import (
	"fmt"
	"net"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/memnet"
)

// exchanges measures whole exchanges over a connection of the loopback, client included, and over one
// in memory, where the deadlines allocate.
func exchanges(b *testing.B, prepare func(*user), request func(*user) string) {
	cfg := quick()
	cfg.PollHold, cfg.SessionTimeout = 0, 0
	tenant, err := New(cfg, Options{})
	if err != nil {
		b.Fatal(err)
	}
	r := &rig{t: b, tenant: tenant, net: memnet.Listen()}
	go func() { _ = tenant.Serve(r.net) }()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = tenant.Serve(l) }()
	defer r.stop()
	u := r.user("u-1")
	prepare(u)
	raw := []byte(request(u))
	b.Run("tcp", func(b *testing.B) {
		conn, err := net.Dial("tcp", l.Addr().String())
		repeat(b, conn, err, raw)
	})
	b.Run("memory", func(b *testing.B) {
		conn, err := r.net.Dial(b.Context(), "", "")
		repeat(b, conn, err, raw)
	})
}

// repeat makes an exchange again and again.
func repeat(b *testing.B, conn net.Conn, err error, raw []byte) {
	if err != nil {
		b.Fatal(err)
	}
	client := http1.NewClient(conn, http1.Limits{})
	defer client.Close()
	deadline := time.Now().Add(time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		if got, err := client.Do(raw, deadline); err != nil || got.Status != 200 {
			b.Fatalf("status %d, %v", got.Status, err)
		}
	}
}

func (u *user) head(method, target string, length int) string {
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: tenant\r\nx-app-key: %s\r\nAuthorization: Bearer %s\r\nccmessaging-token: %s\r\nContent-Length: %d\r\n\r\n",
		method, target, u.r.tenant.cfg.AppKey, u.app, u.key, length)
}

func BenchmarkPoll(b *testing.B) {
	exchanges(b, func(u *user) { u.connect() }, func(u *user) string { return u.head("GET", u.pollTarget(""), 0) })
}

func BenchmarkSend(b *testing.B) {
	exchanges(b, func(u *user) { u.connect(); u.transfer() }, func(u *user) string {
		body := fmt.Sprintf(`{"channel":"WEB","controlType":"INPUT","mediaType":"TEXT","content":"typing","sourceType":"CUSTOMER","from":"u-1","to":%q}`, u.r.tenant.cfg.Channel)
		return u.head("POST", aicc.PathSend, len(body)) + body
	})
}

func BenchmarkAppendPoll(b *testing.B) {
	tenant, err := New(quick(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	v := newConversation(&customer{t: tenant, user: "u-1"}, "")
	for range 3 {
		v.robotSays(message{}, english.robotAnswers[0])
	}
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		out = tenant.appendPoll(out[:0], aicc.CodeOK, v.out)
	}
}
