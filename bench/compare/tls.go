package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"chatbench/internal/result"
)

// secure is what TLS costs, or its absence: two runs against the embedded tenant.
type secure struct {
	tls       bool
	customers int
	length    time.Duration // of the window, and of the second run
	polls     float64       // a second, in the window of the first run
	cpu       float64       // processors in the window
	rests     float64       // bytes of memory at the end of the window
	memory    float64       // bytes at most
	visits    float64       // customers who came, connected and left in the second run
	visitCPU  float64       // seconds of the whole second run
	dials     float64       // connections opened in the second run
	dial      latency       // of one, TLS included
	others    float64
}

const (
	visitRate = 150 // customers a second
	// answering is a tenant that answers polls at once, as the lean tenant does.
	answering = "tenant: {poll_hold: 0s}\n"
)

func secureTurn(tls bool, customers int, window time.Duration) turn {
	what := fmt.Sprintf("plain with %d", customers)
	if tls {
		what = fmt.Sprintf("TLS with %d", customers)
	}
	return turn{what, func(ctx context.Context, b *book) error {
		s := secure{tls: tls, customers: customers, length: max(window, time.Second)}
		l := pacedLoad("tls", customers, time.Second, s.length)
		if err := b.against(ctx, tls, answering+pollScenario(l), func(e *embedded) error { return s.poll(ctx, e, l) }); err != nil {
			return err
		}
		if err := b.against(ctx, tls, answering+arrivalScenario(visitRate, s.length), func(e *embedded) error { return s.visit(ctx, e) }); err != nil {
			return err
		}
		b.secures = append(b.secures, s)
		return nil
	}}
}

// against plays something against an embedded tenant, and keeps the command lines.
func (b *book) against(ctx context.Context, tls bool, text string, play func(e *embedded) error) (err error) {
	var flags []string
	if tls {
		cert, key, err := certificate(b.where.temp)
		if err != nil {
			return err
		}
		flags = []string{"--tls-cert", cert, "--tls-key", key}
	}
	e, err := startEmbedded(ctx, b.where, text, flags...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.end()) }()
	b.wrote(e.tenant.cmd.Args, "")
	b.wrote(e.visitor(tls, e.address), "")
	return play(e)
}

// visitor is the command line of a client of the tenant at an address, with or without TLS.
func (e *embedded) visitor(tls bool, address string) []string {
	if tls {
		return e.run("https://"+address, "--ca-file", filepath.Join(e.temp, certFile))
	}
	return e.run("http://" + address)
}

// poll measures customers who only poll, in a window as elsewhere.
func (s *secure) poll(ctx context.Context, e *embedded, l load) error {
	player, err := start(ctx, e.visitor(s.tls, e.address), nil)
	if err != nil {
		return err
	}
	defer player.stop()
	before, after, err := window(ctx, player, e.tenant, l)
	if err == nil {
		err = player.wait(20*time.Second, made())
	}
	if err != nil {
		return err
	}
	r, err := decode([]byte(player.stdout.String()))
	if err != nil {
		return err
	}
	// The stage that counts is a little longer than the window, at the same rate.
	s.polls = float64(r.Metrics.Total().Hist("poll.service").Count()) / (l.window + margin).Seconds()
	took := after.at.Sub(before.at)
	s.cpu = (after.player - before.player).Seconds() / took.Seconds()
	s.rests, s.memory = float64(after.rests), float64(player.memory())
	s.others = others(before.all, after.all, after.ours-before.ours, took)
	return nil
}

// window looks at both processes at the beginning and at the end of a load's window.
func window(ctx context.Context, player, tenant *process, l load) (before, after moment, err error) {
	if err = pause(ctx, player, l.warmup()); err == nil {
		err = before.take(player, tenant)
	}
	if err == nil {
		err = pause(ctx, player, l.window)
	}
	if err == nil {
		err = after.take(player, tenant)
	}
	return before, after, err
}

// visit measures customers who come, connect and leave.
func (s *secure) visit(ctx context.Context, e *embedded) error {
	used, err := e.play(ctx, program{args: e.visitor(s.tls, e.address), limit: s.length + 30*time.Second})
	if err != nil {
		return err
	}
	r, err := decode(used.said)
	if err != nil {
		return err
	}
	s.count(r)
	s.visitCPU, s.others = used.cpu, max(s.others, used.others)
	if s.visits == 0 || s.dials == 0 {
		return errors.New("nobody came")
	}
	return nil
}

func (s *secure) count(r *result.Result) {
	all := r.Metrics.All()
	dial := all.Hist("dial")
	s.visits, s.dials = float64(all.Counters.Begun()), float64(dial.Count())
	s.dial = latency{dial.Quantile(0.5), dial.Quantile(0.99), dial.Quantile(0.999)}
}

const (
	certFile = "cert.pem"
	keyFile  = "key.pem"
)

// certificate makes a certificate for this machine and its key, once, in a folder.
func certificate(dir string) (cert, key string, err error) {
	cert, key = filepath.Join(dir, certFile), filepath.Join(dir, keyFile)
	if _, err := os.Stat(key); err == nil {
		return cert, key, nil
	}
	pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "chatbench compare"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, pair.Public(), pair)
	if err != nil {
		return "", "", err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(pair)
	if err != nil {
		return "", "", err
	}
	return cert, key, errors.Join(
		os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
}
