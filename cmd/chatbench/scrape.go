package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"chatbench/internal/export"
	"chatbench/internal/lang"
	"chatbench/internal/result"
	"chatbench/internal/run"
)

// scrapeFlags are the flags of a run that Prometheus may scrape.
type scrapeFlags struct {
	address string
	linger  time.Duration
}

func (f *scrapeFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.address, "prometheus", "", "serve live metrics at http://`ADDR`/metrics, such as 127.0.0.1:9464")
	flags.DurationVar(&f.linger, "prometheus-linger", 15*time.Second, "when the run is over: how long to wait for a last scrape")
}

// listen begins to serve, if that was asked for, before there is any load.
func (f *scrapeFlags) listen(stderr io.Writer, say *lang.Printer) (*scraped, error) {
	if f.linger < 0 {
		return nil, usagef("--prometheus-linger %v is not a length of time", f.linger)
	}
	if f.address == "" {
		return nil, nil
	}
	server, err := export.Listen(f.address)
	if err != nil {
		return nil, usagef("--prometheus: %w", err)
	}
	fmt.Fprintln(stderr, say.Sprintf("chatbench: metrics at %s", server.URL()))
	if server.Public() {
		fmt.Fprintln(stderr, say.T("chatbench: WARNING: other machines can read them, and nobody is asked for a password"))
	}
	return &scraped{server: server, wait: f.linger, stderr: stderr, say: say}, nil
}

// scraped is a run whose state can be scraped; nil is one whose state cannot.
type scraped struct {
	server *export.Server
	wait   time.Duration
	stderr io.Writer
	say    *lang.Printer
}

func (s *scraped) progress(p run.Progress) {
	if s != nil {
		s.server.Show(export.State{Result: p.Interim(), Live: &export.Live{At: p.At, Customers: p.Live.Customers}})
	}
}

func (s *scraped) finished(r *result.Result) {
	if s != nil {
		s.server.Show(export.State{Result: r})
	}
}

// linger lets Prometheus see how the run ended, unless the user has asked for its end already.
func (s *scraped) linger(stop <-chan struct{}) {
	if s == nil || s.wait == 0 || closed(stop) {
		return
	}
	fmt.Fprintln(s.stderr, s.say.Sprintf("chatbench: waiting for a last scrape, %v at most; Ctrl-C ends it", s.wait))
	s.server.Linger(s.wait, stop)
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (s *scraped) close() {
	if s != nil {
		s.server.Close()
	}
}
