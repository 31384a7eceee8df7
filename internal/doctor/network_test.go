package doctor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"chatbench/internal/memnet"
	"chatbench/internal/scenario"
)

// standIn answers everything in one way, in a tenant's place.
func standIn(status int, kind, body string, head ...string) func(*testing.T, *memnet.Listener) {
	return func(t *testing.T, l *memnet.Listener) {
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			for i := 0; i+1 < len(head); i += 2 {
				w.Header().Set(head[i], head[i+1])
			}
			w.WriteHeader(status)
			io.WriteString(w, body)
		})
		serve(t, l, handler)
	}
}

func serve(t *testing.T, l net.Listener, handler http.Handler) {
	s := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
}

// silent accepts connections, and neither reads nor writes.
func silent(t *testing.T, l *memnet.Listener) {
	var conns []net.Conn
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns = append(conns, conn)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
		for _, conn := range conns {
			conn.Close()
		}
	})
}

// closing accepts connections and closes them.
func closing(t *testing.T, l *memnet.Listener) {
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close() })
}

func nobody(*testing.T, *memnet.Listener) {}

// TestStandIns has something else stand where the tenant should be. The walk ends there, sends no
// secret, and says what it is.
func TestStandIns(t *testing.T) {
	const html = "<html><head><title>\n Sign in </title></head></html>"
	for _, c := range []struct {
		name, url string
		stand     func(*testing.T, *memnet.Listener)
		opt       func(*Options)
		wrong     string
		hint      string // in what is said of it
	}{
		{name: "a name nobody knows", url: "https://tenant.invalid", stand: nobody, opt: func(o *Options) {
			o.Lookup = func(context.Context, string) ([]string, error) {
				return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
			}
		}, wrong: "address=wrong", hint: "not known to the name server"},
		{name: "a name server that does not answer", url: "https://tenant.invalid", stand: nobody, opt: func(o *Options) {
			o.Lookup = func(ctx context.Context, _ string) ([]string, error) { <-ctx.Done(); return nil, ctx.Err() }
		}, wrong: "address=wrong", hint: "cannot be looked up"},
		{name: "a closed port", url: "http://127.0.0.1:1", stand: nobody, opt: func(o *Options) {
			o.Transport = &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
			}}
		}, wrong: "port=wrong", hint: "nothing listens"},
		{name: "a port that lets nobody in", url: "http://127.0.0.1:80", stand: nobody, wrong: "port=wrong", hint: "did not accept a connection within 5s"},
		{name: "a port that is silent", url: "http://127.0.0.1:80", stand: silent, wrong: "http=wrong", hint: "did not answer within 15s"},
		{name: "a TLS port that is silent", url: "https://127.0.0.1:443", stand: silent, wrong: "certificate=wrong", hint: "did not shake hands"},
		{name: "a port that closes", url: "http://127.0.0.1:80", stand: closing, wrong: "http=wrong", hint: "did not answer"},
		{name: "a TLS port that closes", url: "https://127.0.0.1:443", stand: closing, wrong: "certificate=wrong", hint: "did not shake hands"},
		{name: "a web server", url: "http://127.0.0.1:80", stand: standIn(200, "text/html; charset=utf-8", html, "Server", "nginx"), wrong: "http=wrong", hint: `an HTML page titled "Sign in" from "nginx"`},
		{name: "a login page", url: "http://127.0.0.1:80", stand: standIn(302, "text/html", "", "Location", "https://sso.example.com/login?token=abc"), wrong: "http=wrong", hint: `HTTP 302 to "https://sso.example.com/login"`},
		{name: "a gateway without a tenant", url: "http://127.0.0.1:80", stand: standIn(502, "text/html", "<h1>Bad Gateway</h1>", "Via", "1.1 gw"), wrong: "http=wrong", hint: `HTTP 502 from "1.1 gw"`},
		{name: "a proxy", url: "http://127.0.0.1:80", stand: standIn(407, "text/html", ""), wrong: "http=wrong", hint: "a proxy wants a password"},
		{name: "another path", url: "http://127.0.0.1:80/elsewhere", stand: standIn(404, "text/plain", "not found"), wrong: "http=warn key=wrong", hint: "HTTP 404"},
		{name: "a web server that knows JSON", url: "http://127.0.0.1:80", stand: standIn(200, "application/json", "{}"), wrong: "key=wrong", hint: "AccessToken is missing"},
		{name: "HTTP where TLS should be", url: "https://127.0.0.1:80", stand: standIn(200, "text/html", html), wrong: "certificate=wrong", hint: "does not speak TLS"},
		{name: "TLS where HTTP should be", url: "http://127.0.0.1:443", stand: func(t *testing.T, l *memnet.Listener) {
			cert, _ := certificates(t, time.Now().Add(-time.Hour), time.Now().AddDate(1, 0, 0), "tenant.test")
			serve(t, tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}}), http.NotFoundHandler())
		}, wrong: "http=wrong", hint: "speaks TLS, and the address says http"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := memnet.Listen()
				c.stand(t, l)
				o := Options{Target: scenario.Target{URL: c.url, Channel: "1", AppKey: "key", AppSecret: "secret"}, User: "doctor1",
					Transport: &http.Transport{DialContext: l.Dial},
					Lookup:    func(context.Context, string) ([]string, error) { return []string{"192.0.2.1"}, nil }}
				if c.opt != nil {
					c.opt(&o)
				}
				begun := time.Now()
				r := Run(t.Context(), o)
				if got := outcome(r, Wrong, Warned, Unsure); got != c.wrong {
					t.Errorf("wrong are %q, want %q", got, c.wrong)
				}
				id, _, _ := strings.Cut(c.wrong, "=")
				if s := r.step(t, id); !strings.Contains(s.Saw, c.hint) || s.Advice == "" {
					t.Errorf("of %s it says %q (%s), want %q in it", id, s.Saw, s.Advice, c.hint)
				}
				if want := 6; r.Exit != 6 && !strings.Contains(c.wrong, "key") {
					t.Errorf("exit code %d, want %d", r.Exit, want)
				}
				if took := time.Since(begun); took > time.Minute {
					t.Errorf("it took %v", took)
				}
				r.sound(t)
				if t.Failed() {
					r.tell(t)
				}
			})
		})
	}
}

// certificates makes one for some names, and the pool of the authority that signed it.
func certificates(t *testing.T, from, until time.Time, names ...string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	authority := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: from.AddDate(-1, 0, 0), NotAfter: until.AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names, NotBefore: from, NotAfter: until,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	root, err := x509.CreateCertificate(rand.Reader, authority, authority, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := x509.CreateCertificate(rand.Reader, leaf, authority, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(root)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: key}, pool
}

// TestCertificates walks to tenants behind TLS that is set up in some way.
func TestCertificates(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		name        string
		from, until time.Duration // from now
		host        string
		unknown     bool // the authority is not known
		insecure    bool
		newest      uint16
		wrong, hint string
		exit        int
	}{
		{"a good one", -day, 365 * day, "tenant.test", false, false, 0, "", `TLS 1.3, certificate of "tenant.test" by "test authority", good until 2000-12-31`, 0},
		{"TLS 1.2", -day, 365 * day, "tenant.test", false, false, tls.VersionTLS12, "", "TLS 1.2", 0},
		{"TLS 1.1", -day, 365 * day, "tenant.test", false, false, tls.VersionTLS11, "certificate=wrong", "speaks TLS 1.1 and nothing newer", 6},
		{"it ends soon", -day, 10*day + time.Hour, "tenant.test", false, false, 0, "certificate=warn", "which is in 10 days", 0},
		{"it has ended", -30 * day, -day, "tenant.test", false, false, 0, "certificate=wrong", "has expired on 1999-12-31", 6},
		{"it has not begun", day, 30 * day, "tenant.test", false, false, 0, "certificate=wrong", "is not good before 2000-01-02", 6},
		{"another name", -day, 365 * day, "elsewhere.test", false, false, 0, "certificate=wrong", `is for "tenant.test" and not for elsewhere.test`, 6},
		{"an authority nobody knows", -day, 365 * day, "tenant.test", true, false, 0, "certificate=wrong", "which this machine does not know", 6},
		{"all of it at once", -30 * day, -day, "elsewhere.test", true, false, 0, "certificate=wrong", "has expired on 1999-12-31; the certificate is for \"tenant.test\" and not for elsewhere.test; the certificate is signed by", 6},
		{"all of it, not to be verified", -30 * day, -day, "elsewhere.test", true, true, 0, "certificate=warn", "not verified, as --insecure says", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pool := x509.NewCertPool()
			f := &front{tls: func(l net.Listener) net.Listener {
				cert, known := certificates(t, time.Now().Add(c.from), time.Now().Add(c.until), "tenant.test")
				if !c.unknown {
					*pool = *known
				}
				return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS10, MaxVersion: c.newest})
			}}
			v := visit(t, full(), f, func(o *Options, r *rig) {
				o.Target.URL, o.Target.Insecure = "https://"+c.host, c.insecure
				o.Transport.TLSClientConfig = &tls.Config{RootCAs: pool, ServerName: c.host, InsecureSkipVerify: c.insecure, MinVersion: tls.VersionTLS12}
				o.Lookup = func(context.Context, string) ([]string, error) { return []string{"192.0.2.1"}, nil }
			})
			if got := outcome(v.Report, Wrong, Warned, Unsure); got != c.wrong || int(v.Exit) != c.exit {
				t.Errorf("wrong are %q with exit code %d, want %q and %d", got, v.Exit, c.wrong, c.exit)
			}
			if s := v.step(t, "certificate"); !strings.Contains(s.Saw, c.hint) {
				t.Errorf("it says %q, want %q in it", s.Saw, c.hint)
			}
			if reached := v.stats.Opened > 0; reached != (c.exit == 0) {
				t.Errorf("a conversation was opened: %v", reached)
			}
			v.noneOpen(t)
			v.sound(t)
			if t.Failed() {
				v.tell(t)
			}
		})
	}
}

// TestSelfSigned wants a certificate that signs itself to be called that, and to be fine once it is
// trusted.
func TestSelfSigned(t *testing.T) {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	for _, trusted := range []bool{false, true} {
		pool := x509.NewCertPool()
		f := &front{tls: func(l net.Listener) net.Listener {
			self := &x509.Certificate{SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "tenant.test"}, DNSNames: []string{"tenant.test"},
				NotBefore: time.Now(), NotAfter: time.Now().AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
			der, err := x509.CreateCertificate(rand.Reader, self, self, key.Public(), key)
			if err != nil {
				t.Fatal(err)
			}
			if parsed, _ := x509.ParseCertificate(der); trusted {
				pool.AddCert(parsed)
			}
			return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
		}}
		v := visit(t, full(), f, func(o *Options, r *rig) {
			o.Target.URL = "https://tenant.test"
			o.Transport.TLSClientConfig = &tls.Config{RootCAs: pool, ServerName: "tenant.test"}
			o.Lookup = func(context.Context, string) ([]string, error) { return []string{"192.0.2.1"}, nil }
		})
		want := map[bool]string{false: "certificate=wrong", true: ""}[trusted]
		if got := outcome(v.Report, Wrong, Warned, Unsure); got != want {
			t.Errorf("trusted %v: wrong are %q, want %q: %s", trusted, got, want, fmt.Sprint(v.step(t, "certificate")))
		}
	}
}

// TestCertificatesBetween wants one in between to count as it is now: a client refuses a chain in which
// it has expired, and takes one in which it was renewed after the certificate itself.
func TestCertificatesBetween(t *testing.T) {
	const day = 24 * time.Hour
	now := time.Now()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(name string, from, until time.Duration, by *x509.Certificate) *x509.Certificate {
		c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(from), NotAfter: now.Add(until)}
		if c.IsCA = name != "tenant.test"; c.IsCA {
			c.BasicConstraintsValid, c.KeyUsage = true, x509.KeyUsageCertSign
		} else {
			c.DNSNames = []string{name}
		}
		if by == nil {
			by = c
		}
		der, err := x509.CreateCertificate(rand.Reader, c, by, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	for _, c := range []struct {
		name        string
		from, until time.Duration // of the certificate in between
		want        string
	}{
		{"good", -400 * day, 400 * day, ""},
		{"expired yesterday", -400 * day, -day, "is not good now"},
		{"renewed yesterday", -day, 400 * day, ""},
	} {
		root := sign("root", -500*day, 500*day, nil)
		between := sign("between", c.from, c.until, root)
		leaf := sign("tenant.test", -300*day, 60*day, between)
		roots := x509.NewCertPool()
		roots.AddCert(root)
		list, advice := (&walk{}).problems(tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf, between}}, &tls.Config{RootCAs: roots, ServerName: "tenant.test"})
		got := strings.Join(list, "; ")
		if !strings.Contains(got, c.want) || c.want == "" && got != "" || (got == "") != (advice == "") {
			t.Errorf("%s: problems are %q (%s), want %q", c.name, got, advice, c.want)
		}
	}
}
