package sim

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/memnet"
	"chatbench/internal/scenario"
)

// authority signs certificates for tests.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // PEM
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, key: newKey(t), file: filepath.Join(t.TempDir(), "ca.pem")}
	a.cert = &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign makes a certificate for a name or an address that is valid until the given time from now.
func (a *authority) sign(name string, life time.Duration) tls.Certificate {
	a.t.Helper()
	key := newKey(a.t)
	c := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(life)}
	if ip := net.ParseIP(name); ip != nil {
		c.IPAddresses = []net.IP{ip}
	} else {
		c.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// portal answers the first two calls of every customer as a tenant does, but for what is changed.
type portal struct {
	token, apply http.HandlerFunc // nil: as a tenant does
	prefix       string
}

func (p portal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, p.prefix)
	switch {
	case ok && path == aicc.PathToken:
		orElse(p.token, `{"AccessToken":"app","Expires":"600"}`)(w, r)
	case ok && path == aicc.PathApply:
		orElse(p.apply, `{"resultCode":"0","token":"user-token"}`)(w, r)
	default:
		http.NotFound(w, r)
	}
}

func orElse(f http.HandlerFunc, body string) http.HandlerFunc {
	if f != nil {
		return f
	}
	return says(200, "application/json", body)
}

func says(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		io.WriteString(w, body) //nolint:errcheck // the client may be gone
	}
}

// serve starts a server on loopback, with TLS if there is a certificate.
func serve(t *testing.T, h http.Handler, cert *tls.Certificate) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that fail on purpose
	if cert == nil {
		s.Start()
	} else {
		s.TLS = &tls.Config{Certificates: []tls.Certificate{*cert}}
		s.StartTLS()
	}
	t.Cleanup(s.Close)
	return s
}

// enter resolves and checks a target as a run does.
func enter(t *testing.T, target scenario.Target) error {
	t.Helper()
	e, err := NewEndpoint(target, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Resolve(t.Context()); err != nil {
		return err
	}
	return e.Check(t.Context(), "u1", "en")
}

// judge compares what Check says: "" means nothing, otherwise a part of the sentence and of the hint.
func judge(t *testing.T, err error, sentence, hint string) {
	t.Helper()
	var target *TargetError
	switch {
	case sentence == "" && err != nil:
		t.Errorf("refused: %v", err)
	case sentence == "":
	case !errors.As(err, &target):
		t.Errorf("got %v, want a TargetError that says %q", err, sentence)
	case !strings.Contains(target.Sentence, sentence) || !strings.Contains(target.Hint, hint):
		t.Errorf("got %q with the hint %q, want %q and %q", target.Sentence, target.Hint, sentence, hint)
	}
}

// TestCheckAnswers meets servers of many kinds over plain HTTP.
func TestCheckAnswers(t *testing.T) {
	html := says(200, "text/html; charset=utf-8", "<html><title> Sign in </title></html>")
	for _, c := range []struct {
		name           string
		portal         portal
		sentence, hint string
	}{
		{"a tenant", portal{}, "", ""},
		{"that closes after each answer", portal{token: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			orElse(nil, `{"AccessToken":"app"}`)(w, r)
		}}, "", ""},
		{"wrong secret", portal{token: says(401, "application/json", "{}")}, "refused tokenByAkSk with HTTP 401", "--app-secret"},
		{"forbidden", portal{apply: says(403, "application/json", "{}")}, "refused applyToken with HTTP 403", "--app-key"},
		{"a login page", portal{token: html}, `does not look like an AICC: tokenByAkSk answered an HTML page titled "Sign in"`, "/apigovernance"},
		{"a page on the second call", portal{apply: html}, "applyToken answered an HTML page", "/apiaccess"},
		{"not found", portal{prefix: "/elsewhere"}, "tokenByAkSk answered HTTP 404, text/plain", "with its port"},
		{"a redirect", portal{token: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://login.test/", http.StatusFound)
		}},
			`redirected tokenByAkSk to "https://login.test/" (HTTP 302)`, "--target"},
		{"nothing in the body", portal{token: says(200, "application/json", "")}, "the body is not JSON", "/apigovernance"},
		{"other JSON", portal{token: says(200, "application/json", `{"status":"up"}`)}, "AccessToken is missing", "/apigovernance"},
		{"an array", portal{apply: says(200, "application/json", `[]`)}, "the body has the wrong shape", "/apiaccess"},
		{"the server says its name", portal{token: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Server", "squid")
			says(503, "text/html", "busy")(w, r)
		}}, `is not available: tokenByAkSk was answered HTTP 503 from server "squid"`, ""},
		{"no token for the channel", portal{apply: says(200, "application/json", `{"resultCode":"1"}`)},
			"gave no user token for channel " + channel + " (resultCode 1)", "configuration id"},
		{"a connection that breaks", portal{token: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
			"accepted a connection but did not answer tokenByAkSk", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, c.portal, nil)
			judge(t, enter(t, scenario.Target{URL: s.URL, Channel: channel, AppKey: "k", AppSecret: secret}), c.sentence, c.hint)
		})
	}
}

// TestCheckTLS meets certificates of many kinds.
func TestCheckTLS(t *testing.T) {
	ours := newAuthority(t)
	good, named, old := ours.sign("127.0.0.1", time.Hour), ours.sign("aicc.test", time.Hour), ours.sign("127.0.0.1", -time.Hour)
	for _, c := range []struct {
		name           string
		cert           *tls.Certificate
		target         scenario.Target // without an address
		sentence, hint string
	}{
		{"an authority of our own", &good, scenario.Target{CAFile: ours.file}, "", ""},
		{"an unknown authority", &good, scenario.Target{}, "signed by an authority this machine does not know", "--ca-file"},
		{"another name", &named, scenario.Target{CAFile: ours.file}, "is for another name", "--sni"},
		{"the name given", &named, scenario.Target{CAFile: ours.file, SNI: "aicc.test"}, "", ""},
		{"the wrong name given", &good, scenario.Target{CAFile: ours.file, SNI: "aicc.test"}, "is for another name", "--sni"},
		{"expired", &old, scenario.Target{CAFile: ours.file}, "is not valid", ""},
		{"expired, of another name and an unknown authority, and nobody looks", &old, scenario.Target{Insecure: true, SNI: "x.test"}, "", ""},
		{"plain HTTP", nil, scenario.Target{}, "does not speak TLS", "http://"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, portal{}, c.cert)
			c.target.URL = "https://" + s.Listener.Addr().String()
			c.target.Channel = channel
			judge(t, enter(t, c.target), c.sentence, c.hint)
		})
	}
	t.Run("TLS on an http address", func(t *testing.T) {
		s := serve(t, portal{}, &good)
		judge(t, enter(t, scenario.Target{URL: "http://" + s.Listener.Addr().String()}), "does not look like an AICC: tokenByAkSk answered HTTP 400", "")
	})
}

func TestCheckRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	url := "http://" + l.Addr().String()
	judge(t, enter(t, scenario.Target{URL: url}), "nothing listens at "+url+" (connection refused)", "is the port right")
}

func TestResolve(t *testing.T) {
	s := serve(t, portal{}, nil)
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	e, err := NewEndpoint(scenario.Target{URL: "http://localhost:" + port, Channel: channel}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Resolve(t.Context()); err != nil {
		t.Fatalf("localhost: %v", err)
	}
	if e.address != "127.0.0.1:"+port { // the server does not listen on ::1
		t.Errorf("resolved to %s, want the address that answers, 127.0.0.1:%s", e.address, port)
	}
	judge(t, e.Check(t.Context(), "u1", "en"), "", "")
	judge(t, enter(t, scenario.Target{URL: "http://no-such-host.invalid"}), "cannot be found", "")
}

func TestPathPrefix(t *testing.T) {
	s := serve(t, portal{prefix: "/aicc%20test/v1"}, nil)
	for _, path := range []string{"/aicc%2520test/v1", "/aicc%2520test/v1/"} {
		judge(t, enter(t, scenario.Target{URL: s.URL + path, Channel: channel}), "", "")
	}
}

func TestIPv6(t *testing.T) {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no IPv6")
	}
	host := make(chan string, 2)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host <- r.Host
		portal{}.ServeHTTP(w, r)
	})}
	go s.Serve(l) //nolint:errcheck // it ends when it is closed
	defer s.Close()
	judge(t, enter(t, scenario.Target{URL: "http://" + l.Addr().String(), Channel: channel}), "", "")
	if got := <-host; got != l.Addr().String() {
		t.Errorf("Host %q, want %q", got, l.Addr())
	}
}

// listens takes connections and reads what comes.
func listens(l net.Listener) {
	for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
		go io.Copy(io.Discard, conn) //nolint:errcheck // it ends with the connection
	}
}

// plainly speaks HTTP and no TLS.
func plainly(l net.Listener) {
	s := &http1.Server{Handler: func(*http1.Exchange) {}}
	s.Serve(l) //nolint:errcheck // it ends with the listener
}

// TestCheckSilence meets servers that take a connection, or not even that, and say nothing. The bytes
// of a handshake are the same every time: one in fifty has two line ends in a row among them, which
// end a request.
func TestCheckSilence(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 1)
	for _, c := range []struct {
		name     string
		url      string
		accepts  func(net.Listener) // nil: nobody does
		sentence string
		took     time.Duration
	}{
		{"no answer", "http://tenant.test", listens, "accepted a connection but did not answer tokenByAkSk: timed out", 10 * time.Second},
		{"no handshake", "https://tenant.test", listens, "did not accept a TLS connection within 5s", 5 * time.Second},
		{"no connection", "http://tenant.test", nil, "did not accept a connection within 5s", 5 * time.Second},
		{"the embedded tenant's server waits for the end of the first request", "https://tenant.test", plainly, "did not accept a TLS connection within 5s; if it does not speak TLS use http://", 5 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := memnet.Listen()
				if c.accepts != nil {
					go c.accepts(l)
				}
				start := time.Now()
				e, err := NewEndpoint(scenario.Target{URL: c.url}, l.Dial)
				if err != nil {
					t.Fatal(err)
				}
				if err := e.Check(t.Context(), "u1", "en"); err == nil || !strings.Contains(err.Error(), c.sentence) {
					t.Errorf("got %v, want %q", err, c.sentence)
				}
				if took := time.Since(start); took != c.took {
					t.Errorf("it took %v, want %v", took, c.took)
				}
				l.Close()
			})
		})
	}
}

// TestCheckStopped cancels a check that waits for an answer.
func TestCheckStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			conn, err := l.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			time.AfterFunc(time.Second, cancel)
			io.Copy(io.Discard, conn) //nolint:errcheck // it ends with the connection
		}()
		start := time.Now()
		e, err := NewEndpoint(scenario.Target{URL: "http://tenant.test"}, l.Dial)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Check(ctx, "u1", "en"); err == nil || time.Since(start) != time.Second {
			t.Errorf("ended after %v with %v, want an error after 1 s", time.Since(start), err)
		}
	})
}

func TestNewEndpoint(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		target scenario.Target
		want   string // address to dial and Host header, or a part of the error
	}{
		{"the scheme's port", scenario.Target{URL: "http://tenant.test"}, "tenant.test:80 tenant.test"},
		{"with TLS", scenario.Target{URL: "https://tenant.test/aicc"}, "tenant.test:443 tenant.test"},
		{"a port of its own", scenario.Target{URL: "https://tenant.test:28070"}, "tenant.test:28070 tenant.test:28070"},
		{"an address of version 6", scenario.Target{URL: "http://[::1]"}, "[::1]:80 [::1]"},
		{"credentials in the address go nowhere", scenario.Target{URL: "http://u:p@tenant.test"}, "tenant.test:80 tenant.test"},
		{"no scheme", scenario.Target{URL: "tenant.test"}, "is not an http or https address"},
		{"another scheme", scenario.Target{URL: "ftp://tenant.test"}, "is not an http or https address"},
		{"not an address", scenario.Target{URL: "http://a b"}, "is not an http or https address"},
		{"no such file", scenario.Target{URL: "https://tenant.test", CAFile: "no-such.pem"}, "no-such.pem"},
		{"an empty file", scenario.Target{URL: "https://tenant.test", CAFile: empty}, "holds no PEM certificate"},
	} {
		e, err := NewEndpoint(c.target, nil)
		got := fmt.Sprint(err)
		if err == nil {
			got = e.address + " " + e.request.Host
		}
		if !strings.Contains(got, c.want) || err == nil && got != c.want {
			t.Errorf("%s: %q gives %q, want %q", c.name, c.target.URL, got, c.want)
		}
	}
}

func TestOnThisMachine(t *testing.T) {
	for url, want := range map[string]bool{
		"http://127.0.0.1:8080": true, "http://localhost": true, "https://[::1]": true, "http://127.8.9.1": true,
		"http://10.0.0.1": false, "https://aicc.test": false, "http://localhost.test": false,
	} {
		e, err := NewEndpoint(scenario.Target{URL: url}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.OnThisMachine(); got != want {
			t.Errorf("%s: %v, want %v", url, got, want)
		}
	}
}

// TestTransport fetches something beside the load, over the address and with the certificates of
// the target.
func TestTransport(t *testing.T) {
	ours := newAuthority(t)
	cert := ours.sign("aicc.test", time.Hour)
	s := serve(t, says(200, "text/plain", "record"), &cert)
	e, err := NewEndpoint(scenario.Target{URL: s.URL, CAFile: ours.file, SNI: "aicc.test"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := e.Transport()
	defer transport.(*http.Transport).CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get("https://some.where.else/journal")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); string(body) != "record" || err != nil {
		t.Errorf("got %q, %v, want the record", body, err)
	}
}

func TestTargetError(t *testing.T) {
	cause := errors.New("cause")
	e := &TargetError{Sentence: "it is down", Hint: "start it", Err: cause}
	if got, want := e.Error(), "it is down; start it"; got != want || !errors.Is(e, cause) {
		t.Errorf("%q, want %q around its cause", got, want)
	}
	if got := (&TargetError{Sentence: "it is down"}).Error(); got != "it is down" {
		t.Errorf("%q without a hint, want the sentence", got)
	}
}
