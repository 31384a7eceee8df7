package sim

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/reactor"
	"chatbench/internal/scenario"
)

// Dialer opens a connection; it is net.Dialer.DialContext, or a network in memory in tests.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// Endpoint is where the tenant is and how to get in.
type Endpoint struct {
	Target  scenario.Target
	request aicc.Target
	address string      // host:port to dial
	tls     *tls.Config // nil: plain
	dial    Dialer
	native  bool // what is dialed are connections of the system
}

// TargetError says why a tenant cannot be used: it is down, it is not an AICC, it refuses us.
type TargetError struct {
	Sentence string // one clear sentence
	Hint     string // what to do about it, or ""
	Err      error  // may be nil
}

func (e *TargetError) Error() string {
	if e.Hint == "" {
		return e.Sentence
	}
	return e.Sentence + "; " + e.Hint
}

// Unwrap gives the cause, if any.
func (e *TargetError) Unwrap() error { return e.Err }

const (
	dialTimeout = 5 * time.Second
	callTimeout = 30 * time.Second // of every call but poll, which has its own
)

// NewEndpoint prepares a target. A nil dialer means TCP.
func NewEndpoint(target scenario.Target, dial Dialer) (*Endpoint, error) {
	u, err := url.Parse(target.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("target %q is not an http or https address", target.URL)
	}
	e := &Endpoint{Target: target, dial: dial}
	e.request = aicc.Target{Host: u.Host, Prefix: strings.TrimSuffix(u.EscapedPath(), "/"), AppKey: target.AppKey}
	port := u.Port()
	if u.Scheme == "https" {
		if port == "" {
			port = "443"
		}
		if e.tls, err = tlsConfig(target, u.Hostname()); err != nil {
			return nil, err
		}
	} else if port == "" {
		port = "80"
	}
	e.address = net.JoinHostPort(u.Hostname(), port)
	if e.dial == nil {
		e.native = true
		e.dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: -1}).DialContext
	}
	return e, nil
}

func tlsConfig(target scenario.Target, host string) (*tls.Config, error) {
	cfg := &tls.Config{
		ServerName:         host,
		MinVersion:         tls.VersionTLS12, // the vendor's floor
		InsecureSkipVerify: target.Insecure,
		ClientSessionCache: tls.NewLRUClientSessionCache(64),
	}
	if target.SNI != "" {
		cfg.ServerName = target.SNI
	}
	if target.CAFile == "" {
		return cfg, nil
	}
	pem, err := os.ReadFile(target.CAFile)
	if err != nil {
		return nil, fmt.Errorf("certificate authorities: %w", err)
	}
	cfg.RootCAs, err = x509.SystemCertPool()
	if err != nil {
		cfg.RootCAs = x509.NewCertPool()
	}
	if !cfg.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("certificate authorities: %s holds no PEM certificate", target.CAFile)
	}
	return cfg, nil
}

// OnThisMachine reports whether the target is a loopback address, so that load on it stays here
// and its clock is ours.
func (e *Endpoint) OnThisMachine() bool {
	host, _, _ := net.SplitHostPort(e.address)
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Resolve replaces the host name by its first address, so that a run does not ask the name server
// for every connection.
func (e *Endpoint) Resolve(ctx context.Context) error {
	host, port, _ := net.SplitHostPort(e.address)
	if net.ParseIP(host) != nil {
		return nil
	}
	looking, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	ips, err := net.DefaultResolver.LookupHost(looking, host)
	if err != nil {
		return e.unreachable(err)
	}
	for _, ip := range ips {
		if address := net.JoinHostPort(ip, port); e.accepts(ctx, address) {
			e.address = address
			return nil
		}
	}
	e.address = net.JoinHostPort(ips[0], port) // Check will say what is wrong with it
	return nil
}

// accepts reports whether a connection to an address can be opened.
func (e *Endpoint) accepts(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := e.dial(ctx, "tcp", address)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

// connect opens a connection, with TLS where the address says so. With a loop it is watched, below
// its TLS.
func (e *Endpoint) connect(ctx context.Context, loop *reactor.Loop) (conn net.Conn, watched reactor.Conn, err error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if conn, err = e.dial(ctx, "tcp", e.address); err != nil {
		return nil, nil, err
	}
	if loop != nil {
		if watched, err = loop.Adopt(conn); err != nil {
			conn.Close()
			return nil, nil, err
		}
		conn = watched
	}
	if e.tls == nil {
		return conn, watched, nil
	}
	secure := tls.Client(conn, e.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, nil, err
	}
	return secure, watched, nil
}

// loops are what watches the polling connections, one for two processors: a loop makes a hundred
// thousand polls a second, and what it calls leaves work for others.
func (e *Endpoint) loops() []*reactor.Loop {
	list := make([]*reactor.Loop, 0, max(1, runtime.GOMAXPROCS(0)/2))
	for range cap(list) {
		l, err := reactor.New(!e.native)
		if err != nil { // for want of descriptors, of which there will be more to say
			l, _ = reactor.New(true)
		}
		list = append(list, l)
	}
	return list
}

// Transport reaches the target as its customers do, for what is not part of the load.
func (e *Endpoint) Transport() http.RoundTripper {
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) { return e.dial(ctx, network, e.address) }
	return &http.Transport{DialContext: dial, TLSClientConfig: e.tls, MaxIdleConnsPerHost: 16, MaxConnsPerHost: 16}
}

// Check makes one attempt to get in: a connection, an application token, a user token for user.
// The error is a *TargetError.
func (e *Endpoint) Check(ctx context.Context, user, locale string) error {
	t := &e.Target
	body, err := e.ask(ctx, "tokenByAkSk", e.request.AppendToken(nil, t.AppKey, t.AppSecret, appTokenLife))
	if err != nil {
		return err
	}
	app, err := aicc.ParseAppToken(body)
	if err != nil {
		return e.notAICC("tokenByAkSk", err.Error(), err)
	}
	body, err = e.ask(ctx, "applyToken", e.request.AppendApply(nil, app.Token, aicc.Apply{UserID: user, UserName: user, Channel: t.Channel, Locale: locale}))
	if err != nil {
		return err
	}
	token, code, err := aicc.ParseUserToken(body)
	switch {
	case err != nil:
		return e.notAICC("applyToken", err.Error(), err)
	case token == "":
		return &TargetError{Sentence: fmt.Sprintf("%s gave no user token for channel %s (resultCode %s)", t.URL, t.Channel, code),
			Hint: "the channel must be the configuration id of a web channel of this tenant"}
	}
	return nil
}

// ask makes one call over a connection of its own and wants a 200.
func (e *Endpoint) ask(ctx context.Context, call string, request []byte) ([]byte, error) {
	conn, _, err := e.connect(ctx, nil)
	if err != nil {
		return nil, e.unreachable(err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	r, err := http1.NewClient(conn, http1.Limits{}).Do(request, time.Now().Add(2*dialTimeout))
	if err != nil {
		return nil, &TargetError{Sentence: fmt.Sprintf("%s accepted a connection but did not answer %s: %s", e.Target.URL, call, plain(err)), Err: err}
	}
	kind, _, _ := mime.ParseMediaType(string(r.Header("content-type")))
	switch {
	case r.Status == 401 || r.Status == 403:
		return nil, &TargetError{Sentence: fmt.Sprintf("%s refused %s with HTTP %d", e.Target.URL, call, r.Status),
			Hint: "check --app-key and --app-secret (or CHATBENCH_APP_KEY and CHATBENCH_APP_SECRET)"}
	case r.Status >= 300 && r.Status < 400:
		return nil, &TargetError{Sentence: fmt.Sprintf("%s redirected %s to %s (HTTP %d); chatbench does not follow redirects", e.Target.URL, call, shown(r.Header("location")), r.Status),
			Hint: "use the address it names as --target if it is yours"}
	case r.Status >= 500:
		return nil, &TargetError{Sentence: fmt.Sprintf("%s is not available: %s was answered HTTP %d%s", e.Target.URL, call, r.Status, via(&r))}
	case r.Status != 200:
		return nil, e.notAICC(call, fmt.Sprintf("HTTP %d, %s%s", r.Status, orWord(kind, "no content type"), via(&r)), nil)
	case kind == "text/html":
		return nil, e.notAICC(call, "an HTML page"+title(r.Body)+via(&r), nil)
	}
	return r.Body, nil
}

func (e *Endpoint) notAICC(call, got string, err error) error {
	return &TargetError{
		Sentence: fmt.Sprintf("%s does not look like an AICC: %s answered %s", e.Target.URL, call, got),
		Hint:     "the address must be the one in front of /apigovernance and /apiaccess, with its port",
		Err:      err,
	}
}

// via names the proxy or server that answered, when it says so.
func via(r *http1.Response) string {
	if s := r.Header("server"); s != nil {
		return " from server " + shown(s)
	}
	return ""
}

// title quotes the title of an HTML page.
func title(body []byte) string {
	_, rest, ok := bytes.Cut(body, []byte("<title>"))
	text, _, ok2 := bytes.Cut(rest, []byte("<"))
	if !ok || !ok2 {
		return ""
	}
	return " titled " + shown(bytes.TrimSpace(text))
}

func shown(b []byte) string {
	if len(b) > 120 {
		b = b[:120]
	}
	return fmt.Sprintf("%q", b)
}

func orWord(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// unreachable puts a failure to connect into words.
func (e *Endpoint) unreachable(err error) error {
	var dns *net.DNSError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	t := &TargetError{Err: err}
	switch {
	case errors.As(err, &dns):
		t.Sentence = fmt.Sprintf("%s cannot be found: %s", e.Target.URL, plain(err))
	case errors.As(err, &authority):
		t.Sentence = fmt.Sprintf("the certificate of %s is signed by an authority this machine does not know", e.Target.URL)
		t.Hint = "give the authority's PEM file with --ca-file, or --insecure if you know what you do"
	case errors.As(err, &name):
		t.Sentence = fmt.Sprintf("the certificate of %s is for another name: %s", e.Target.URL, plain(err))
		t.Hint = "use the name in the certificate, or --sni NAME"
	case errors.As(err, &invalid):
		t.Sentence = fmt.Sprintf("the certificate of %s is not valid: %s", e.Target.URL, plain(err))
	case errors.As(err, &record):
		t.Sentence = fmt.Sprintf("%s does not speak TLS", e.Target.URL)
		t.Hint = "use http:// or the port that speaks TLS"
	case errors.Is(err, syscall.ECONNREFUSED):
		t.Sentence = fmt.Sprintf("nothing listens at %s (connection refused)", e.Target.URL)
		t.Hint = "is the tenant running, and is the port right?"
	case errors.Is(err, context.DeadlineExceeded):
		t.Sentence = fmt.Sprintf("%s did not accept a connection within %v", e.Target.URL, dialTimeout)
		if e.tls != nil {
			t.Sentence = fmt.Sprintf("%s did not accept a TLS connection within %v", e.Target.URL, dialTimeout)
			t.Hint = "if it does not speak TLS use http://"
		}
	default:
		t.Sentence = fmt.Sprintf("%s cannot be reached: %s", e.Target.URL, plain(err))
	}
	return t
}

// plain is the innermost part of a network error, without the addresses that wrap it.
func plain(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		err = op.Err
	}
	var sys *os.SyscallError
	if errors.As(err, &sys) {
		err = sys.Err
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "timed out"
	}
	return err.Error()
}
