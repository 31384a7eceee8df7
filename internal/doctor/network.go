package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/caller"
)

const (
	openTimeout  = 5 * time.Second  // of a connection or a handshake
	firstTimeout = 15 * time.Second // of the first answer
	slowAnswer   = 2 * time.Second  // that somebody should have a look at
)

// base is the tenant's address, which was checked when the flags were read.
func (w *walk) base() *url.URL {
	b, err := url.Parse(w.Target.URL)
	if err != nil {
		return &url.URL{}
	}
	return b
}

// hostPort is what to dial.
func (w *walk) hostPort() string {
	b := w.base()
	port := b.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[b.Scheme]
	}
	return net.JoinHostPort(b.Hostname(), port)
}

func (w *walk) address() finding {
	host := w.base().Hostname()
	if net.ParseIP(host) != nil {
		return right(u("2.1"), "%s is an address itself", host)
	}
	ctx, cancel := context.WithTimeout(w.ctx, openTimeout)
	defer cancel()
	ips, err := w.Lookup(ctx, host)
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return wrong(u("2.1"), "the name %s is not known to the name server", host).
			advise("look whether the name is written as the vendor gave it (an example of theirs is service.besclouds.com), and whether this machine asks the right name server", nil)
	case err != nil:
		return wrong(u("2.1"), "the name %s cannot be looked up: %v", host, err).
			advise("look at the name server of this machine", nil)
	}
	return right(u("2.1"), "the name %s leads to %s", host, strings.Join(ips, " "))
}

func (w *walk) port() finding {
	conn, err := w.dial()
	if err == nil {
		conn.Close()
		return right(u("E01"), "%s accepts connections", w.hostPort())
	}
	f := wrong(u("E01"), "%s cannot be reached: %s", w.hostPort(), inner(err))
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		f.saw = fmt.Sprintf("nothing listens at %s (connection refused)", w.hostPort())
	case timedOut(err):
		f.saw = fmt.Sprintf("%s did not accept a connection within %v", w.hostPort(), openTimeout)
	}
	return f.advise("look whether the port is right (some pages of the vendor print 28070 for the tokens, others none) and whether a firewall lets this machine through", nil)
}

func (w *walk) dial() (net.Conn, error) {
	ctx, cancel := context.WithTimeout(w.ctx, openTimeout)
	defer cancel()
	return w.Transport.DialContext(ctx, "tcp", w.hostPort())
}

func timedOut(err error) bool {
	var t net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}

// inner is a network error without the addresses around it.
func inner(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		err = op.Err
	}
	return err.Error()
}

// noPath is what to do about HTTP 404.
const noPath = "look whether the port is right, and whether a prefix is missing in front of /apigovernance and /apiaccess"

// http asks for something that needs no secret and changes nothing, to see who answers.
func (w *walk) http() finding {
	ctx, cancel := context.WithTimeout(w.ctx, firstTimeout)
	defer cancel()
	a := w.client.Exchange(ctx, caller.PollCall("a poll without tokens", w.User), nil)
	w.clock.note(w.client.Start, &a)
	if w.base().Scheme == "http" && (a.Status == 0 || a.Status == http.StatusBadRequest) && w.speaksTLS() {
		return wrong(d("2.1"), "%s speaks TLS, and the address says http", w.hostPort()).advise("write the address with https://", nil)
	}
	if a.Status == 0 {
		return w.noAnswer(&a)
	}
	if f, bad := w.notAICC(&a); bad {
		return f
	}
	switch {
	case a.Status == http.StatusNotFound:
		return warn(d("2.4"), "HTTP 404: there is no %s%s", aicc.PathPoll, w.server(&a)).advise(noPath, nil)
	case a.Took > slowAnswer:
		return warn(u("13.1"), "an answer took %s%s", spent(a.Took), w.server(&a)).advise("look at what stands between this machine and the tenant, before a customer waits for it", nil)
	}
	return right(u("2.4"), "HTTP %d without tokens%s", a.Status, w.server(&a))
}

func (w *walk) noAnswer(a *caller.Answer) finding {
	f := wrong(u("2.1"), "%s accepted a connection and did not answer: %s", w.hostPort(), a.Err)
	if a.Took >= firstTimeout {
		f.saw = fmt.Sprintf("%s accepted a connection and did not answer within %v", w.hostPort(), firstTimeout)
	}
	return f.advise("look whether something else than the tenant listens at this port, or a proxy in front of it hangs", nil)
}

// notAICC recognises what stands in the tenant's place.
func (w *walk) notAICC(a *caller.Answer) (finding, bool) {
	kind, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	switch {
	case a.Status >= 300 && a.Status < 400:
		return wrong(u("2.4"), "HTTP %d to %s%s", a.Status, w.quoted(bare(a.Header.Get("Location"))), w.server(a)).
			advise("this is a login page or a proxy; use the address of the interface, in front of /apigovernance and /apiaccess", nil), true
	case a.Status == http.StatusProxyAuthRequired:
		return wrong(u("2.4"), "HTTP %d: a proxy wants a password%s", a.Status, w.server(a)).advise("go around the proxy; chatbench uses none", nil), true
	case a.Status >= 500:
		return wrong(d("2.4"), "HTTP %d%s", a.Status, w.server(a)).
			advise("the gateway is there and the tenant behind it is not; ask whoever runs it", nil), true
	case kind == "text/html" && a.Status == http.StatusOK:
		return wrong(u("2.4"), "an HTML page%s%s", w.title(a.Body), w.server(a)).
			advise("this is a web server or a login page; use the address of the interface, in front of /apigovernance and /apiaccess", nil), true
	}
	return finding{}, false
}

// bare takes user, query and fragment off an address that a tenant sent.
func bare(location string) string {
	l, err := url.Parse(location)
	if err != nil {
		return location
	}
	return (&url.URL{Scheme: l.Scheme, Host: l.Host, Path: l.Path}).String()
}

// server names what answered, when it says so.
func (w *walk) server(a *caller.Answer) string {
	if name := cmp.Or(a.Header.Get("Server"), a.Header.Get("Via")); name != "" {
		return fmt.Sprintf(" from %s", w.quoted(name))
	}
	return ""
}

var titleOf = regexp.MustCompile(`(?is)<title[^>]*>\s*(.*?)\s*</title>`)

// title quotes that of an HTML page.
func (w *walk) title(body []byte) string {
	if found := titleOf.FindSubmatch(body[:min(len(body), 64<<10)]); found != nil {
		return fmt.Sprintf(" titled %s", w.quoted(string(found[1])))
	}
	return ""
}

// quoted shows a text of the tenant, or the beginning of it. Secrets are taken out first: in quotes, or
// cut off, they would not be known for what they are.
func (w *walk) quoted(text string) string {
	const most = 120
	text = w.masked(text)
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", text)
}

// spent writes a time as a person would.
func spent(t time.Duration) string {
	if t < time.Second {
		return t.Round(time.Millisecond).String()
	}
	return t.Round(100 * time.Millisecond).String()
}
