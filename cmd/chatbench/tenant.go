package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os/signal"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chatbench/internal/http1"
	"chatbench/internal/lang"
	"chatbench/internal/page"
	"chatbench/internal/scenario"
	"chatbench/internal/tenant"
)

// tenantFlags are the flags of tenant.
type tenantFlags struct {
	listen, config, cert, key string
	mutants                   []string
	seed                      uint64
	page                      bool
	judging                   judgeClientFlags
}

func newTenant(say *lang.Printer) *cobra.Command {
	var f tenantFlags
	cmd := &cobra.Command{
		Use:   "tenant",
		Short: "Run the embedded tenant on its own, so that customers are another process",
		Long:  tenantHelp(say),
		Args:  exactly(),
		RunE:  func(cmd *cobra.Command, _ []string) error { return serveTenant(cmd, &f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8080", "`ADDRESS` to listen at; port 0 takes a free one")
	flags.StringVar(&f.config, "config", "", "YAML `FILE` with the keys of a scenario's tenant section, or a scenario that has one")
	flags.StringSliceVar(&f.mutants, "mutant", nil, "put in the fault `NAME[:N]`; may be given several times")
	flags.StringVar(&f.cert, "tls-cert", "", "PEM `FILE` of a certificate: speak TLS")
	flags.StringVar(&f.key, "tls-key", "", "PEM `FILE` of its key")
	flags.Uint64Var(&f.seed, "seed", 1, "make the same decisions as with this seed")
	flags.BoolVar(&f.page, "page", false, "serve a web page to chat on, for browsers on this machine; without --config the tenant is one that shows everything")
	f.judging.register(cmd)
	return cmd
}

// tenantHelp is the long help, with the faults there are.
func tenantHelp(say *lang.Printer) string {
	return say.Sprintf(`Runs the embedded tenant until Ctrl-C. A run on the same machine finds its journal by itself:

  chatbench tenant --listen 127.0.0.1:8080
  chatbench run scenarios/demo.yaml --target http://127.0.0.1:8080

A person can be the customer, too: with --page it serves a web page to chat on (docs/page.md).

With --judge-client it judges who calls it, such as a web page that somebody writes: it plays the
client a curriculum of conversations, says what the client does against the demo flow, and ends with
a report: 0 no rule was broken, 1 one was, 2 nobody came.

  chatbench tenant --judge-client --out judged/

Mutants are faults that are put in on purpose, to see that a rule bites. "name" is applied at the
first chance, "name:5" at the fifth, "name:every=5" at every fifth:

%s
Mutants that only "chatbench check" brings about, best with ":every=1":

%s`, mutantTable(say, tenant.Mutants()), mutantTable(say, tenant.ProbeMutants()))
}

func mutantTable(say *lang.Printer, mutants []tenant.Mutant) string {
	var b strings.Builder
	for _, m := range mutants {
		fmt.Fprintf(&b, "  %-30s %s (%s)\n", m.Name, say.T(m.Fault), strings.Join(m.Rules, ", "))
	}
	return b.String()
}

func serveTenant(cmd *cobra.Command, f *tenantFlags) error {
	if err := f.judging.check(cmd); err != nil {
		return err
	}
	cfg, opt, err := f.setUp()
	if err != nil {
		return err
	}
	t, err := tenant.New(cfg, opt)
	if err != nil {
		return err
	}
	l, err := f.listener()
	if err != nil {
		return err
	}
	say, err := printer(cmd)
	if err != nil {
		return err
	}
	announcement := f.announcement(say, cfg, t.Describe(), l.Addr())
	if f.judging.on {
		return f.judging.judgeClients(cmd, cfg, opt, l, say, announcement)
	}
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	defer stop()
	fmt.Fprintln(cmd.OutOrStdout(), announcement) // now signals are taken
	served := make(chan error, 1)
	go func() { served <- t.Serve(l) }()
	select {
	case err := <-served:
		if !errors.Is(err, http1.ErrServerClosed) {
			return err
		}
	case <-ctx.Done():
	}
	closing, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	return t.Close(closing)
}

// announcement says where the tenant is and what it is.
func (f *tenantFlags) announcement(say *lang.Printer, cfg scenario.Tenant, what string, at net.Addr) string {
	scheme := "http"
	if f.cert != "" {
		scheme = "https"
	}
	text := say.Sprintf("chatbench tenant at %s://%s, channel %s, app key %s", scheme, at, cfg.Channel, cfg.AppKey) + "\n" + say.T(what)
	if f.page {
		text += "\n" + say.Sprintf("to chat with it, open %s://%s/ in a browser on this machine", scheme, at)
	}
	return text
}

// setUp is the tenant that the flags ask for.
func (f *tenantFlags) setUp() (cfg scenario.Tenant, opt tenant.Options, err error) {
	cfg, opt = scenario.DefaultTenant(), tenant.Options{Seed: f.seed}
	if f.page {
		showEverything(&cfg)
		opt.Page = page.Files()
	}
	if f.config != "" {
		cfg, err = scenario.LoadTenant(f.config, reading())
	}
	cfg.Mutants = append(cfg.Mutants, f.mutants...)
	return cfg, opt, err
}

// showEverything sets a tenant up for a person at the page: one agent, so that a second tab has to queue,
// who sends files of every kind and hangs up at last, and a history.
func showEverything(cfg *scenario.Tenant) {
	cfg.Agents.Count, cfg.Agents.Conversations = 1, 1
	cfg.Agents.Chats, cfg.Agents.HangUp = [2]int{8, 8}, scenario.Dist{A: 2 * time.Second, B: 3 * time.Second}
	cfg.Agents.Media = scenario.Media{Image: 0.4, Audio: 0.3, Video: 0.3, Document: 0.2, Location: 0.2, Local: 0.3}
	cfg.History, cfg.HistoryRobot = true, true
	cfg.Robot.Keywords = []string{"human", "人工"}
}

// listener listens, with TLS when a certificate was given.
func (f *tenantFlags) listener() (net.Listener, error) {
	if (f.cert == "") != (f.key == "") {
		return nil, usagef("--tls-cert and --tls-key belong together")
	}
	l, err := net.Listen("tcp", f.listen)
	if err != nil || f.cert == "" {
		return l, err
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		l.Close()
		return nil, usagef("certificate: %w", err)
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}), nil
}
