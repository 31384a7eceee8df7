package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"
)

// expiresSoon is how long a certificate must still be good not to be warned of.
const expiresSoon = 30 * 24 * time.Hour

// certificate looks at the handshake and at all that a client would verify, each by itself.
func (w *walk) certificate() finding {
	if w.base().Scheme != "https" {
		return w.plainHTTP()
	}
	state, err := w.handshake(tls.VersionTLS12, tls.VersionTLS13)
	if err != nil {
		return w.noHandshake(err)
	}
	cfg := w.tlsConfig()
	problems, advice := w.problems(state, cfg)
	leaf := state.PeerCertificates[0]
	seen := fmt.Sprintf("%s, certificate of %s by %s, good until %s", tls.VersionName(state.Version), w.quoted(holder(leaf)),
		w.quoted(name(leaf.Issuer.CommonName, leaf.Issuer.String())), leaf.NotAfter.UTC().Format(time.DateOnly))
	switch left := time.Until(leaf.NotAfter); {
	case len(problems) > 0 && w.Target.Insecure:
		return warn(u("2.1"), "%s; not verified, as --insecure says: %s", seen, strings.Join(problems, "; ")).advise(advice, nil)
	case len(problems) > 0:
		return wrong(u("2.1"), "%s", strings.Join(problems, "; ")).advise(advice, nil)
	case left < expiresSoon:
		return warn(u("2.1"), "%s, which is in %d days", seen, int(left.Hours()/24)).advise("renew the certificate in time", nil)
	}
	return right(d("2.1"), "%s", seen)
}

func (w *walk) plainHTTP() finding {
	if ip := net.ParseIP(w.base().Hostname()); w.base().Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return lacking(d("2.1"), "plain HTTP, on this machine")
	}
	return warn(d("2.1"), "plain HTTP: the secret and all that customers say can be read on the way").
		advise("use https://; the vendor's interface is documented with HTTPS only", nil)
}

func (w *walk) tlsConfig() *tls.Config {
	cfg := &tls.Config{ServerName: w.base().Hostname()}
	if t := w.Transport.TLSClientConfig; t != nil {
		cfg = t.Clone()
	}
	cfg.ClientSessionCache = nil
	return cfg
}

// handshake shakes hands without verifying anything, and closes the connection.
func (w *walk) handshake(least, most uint16) (tls.ConnectionState, error) {
	conn, err := w.dial()
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(w.ctx, openTimeout)
	defer cancel()
	cfg := w.tlsConfig()
	cfg.InsecureSkipVerify, cfg.MinVersion, cfg.MaxVersion = true, least, most
	secure := tls.Client(conn, cfg)
	err = secure.HandshakeContext(ctx)
	return secure.ConnectionState(), err
}

// speaksTLS reports whether somebody at the port shakes hands.
func (w *walk) speaksTLS() bool {
	_, err := w.handshake(tls.VersionTLS10, tls.VersionTLS13)
	return err == nil
}

// noHandshake says why there was none.
func (w *walk) noHandshake(err error) finding {
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &record):
		return wrong(d("2.1"), "%s does not speak TLS, and the address says https", w.hostPort()).
			advise("use the port that speaks TLS, or http:// if this is meant", nil)
	case timedOut(err), hungUp(err):
		return wrong(u("2.1"), "%s accepted a connection and did not shake hands: %s", w.hostPort(), inner(err)).
			advise("if it does not speak TLS use http://; else look at what listens there", nil)
	}
	if state, old := w.handshake(tls.VersionTLS10, tls.VersionTLS11); old == nil {
		return wrong(d("2.1"), "%s speaks %s and nothing newer", w.hostPort(), tls.VersionName(state.Version)).
			advise("switch on TLS 1.2 or newer where the certificate is kept", nil)
	}
	return wrong(u("2.1"), "the TLS handshake failed: %s", inner(err)).advise("look at the TLS set-up of what listens there", nil)
}

// hungUp reports whether a connection was closed instead of answered.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, syscall.ECONNRESET)
}

// problems are what is wrong with a certificate, with what to do about the first. There are some if,
// and only if, a client would refuse it.
func (w *walk) problems(state tls.ConnectionState, cfg *tls.Config) (list []string, advice string) {
	leaf, now := state.PeerCertificates[0], time.Now()
	refused := verified(state.PeerCertificates, x509.VerifyOptions{Roots: cfg.RootCAs, CurrentTime: now, DNSName: cfg.ServerName})
	if refused == nil {
		return nil, ""
	}
	problem := func(hint, format string, args ...any) {
		list = append(list, fmt.Sprintf(format, args...))
		if advice == "" {
			advice = hint
		}
	}
	switch {
	case now.After(leaf.NotAfter):
		problem("renew the certificate, or look at the clock of this machine", "the certificate has expired on %s", leaf.NotAfter.UTC().Format(time.DateOnly))
	case now.Before(leaf.NotBefore):
		problem("look at the clock of this machine, or wait", "the certificate is not good before %s", leaf.NotBefore.UTC().Format(time.DateOnly))
	}
	if leaf.VerifyHostname(cfg.ServerName) != nil {
		problem("use the name in the certificate, or --sni NAME", "the certificate is for %s and not for %s", w.quoted(holder(leaf)), cfg.ServerName)
	}
	if sentence, hint := w.untrusted(state.PeerCertificates, cfg.RootCAs); sentence != "" {
		problem(hint, "%s", sentence)
	}
	if len(list) == 0 { // such as one in between that has expired
		problem("look at the certificates in between", "the chain of certificates is not good now: %s", refused)
	}
	return list, advice
}

// verified says why a chain does not prove what is asked, or nil.
func verified(chain []*x509.Certificate, o x509.VerifyOptions) error {
	o.Intermediates = x509.NewCertPool()
	for _, c := range chain[1:] {
		o.Intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(o)
	return err
}

// untrusted says why the chain leads to no authority that is known here. Times and names are looked
// at elsewhere.
func (w *walk) untrusted(chain []*x509.Certificate, roots *x509.CertPool) (sentence, hint string) {
	leaf := chain[0]
	err := verified(chain, x509.VerifyOptions{Roots: roots, CurrentTime: leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) / 2)})
	switch {
	case err == nil:
		return "", ""
	case leaf.CheckSignatureFrom(leaf) == nil || leaf.Issuer.String() == leaf.Subject.String():
		return "the certificate is signed by itself", "give it with --ca-file if it is yours, or have it signed by an authority"
	case len(chain) == 1:
		return fmt.Sprintf("the certificate is signed by %s, which this machine does not know, and no certificate of it was sent", w.quoted(leaf.Issuer.String())),
			"send the certificates in between as well where the certificate is kept, or give your own authority with --ca-file"
	}
	return fmt.Sprintf("the chain of certificates leads to no authority that this machine knows: %s", err), "give your own authority with --ca-file"
}

// holder is whom a certificate is for.
func holder(c *x509.Certificate) string {
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) > 0 {
		return strings.Join(names, " ")
	}
	return name(c.Subject.CommonName, c.Subject.String())
}

func name(common, whole string) string {
	if common != "" {
		return common
	}
	return whole
}
