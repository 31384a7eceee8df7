package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
)

// ErrAddress is the error of an address that is not HOST:PORT.
var ErrAddress = errors.New("not an address like 127.0.0.1:9464")

// Server answers scrapes of /metrics with the state that was shown last. Its methods may be called
// from anywhere.
type Server struct {
	listener net.Listener
	http     *http.Server
	state    atomic.Pointer[State]
	once     sync.Once
	finished chan struct{} // closed when a scrape was answered with a finished run
}

// Bounds of what a stranger may ask of the server.
const (
	maxScrapes    = 2 // at once; more are told to come again
	requestTime   = 5 * time.Second
	answerTime    = 10 * time.Second
	closingTime   = time.Second
	maxHeaderSize = 16 << 10
)

// Listen begins to answer on an address, HOST:PORT. Without a host it is this machine's loopback
// address; port 0 is any that is free. The error wraps [ErrAddress], or is that of the system, such
// as that the port is taken.
func Listen(address string) (*Server, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return nil, fmt.Errorf("%q is %w", address, ErrAddress)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	s := &Server{listener: listener, finished: make(chan struct{})}
	s.http = &http.Server{Handler: s.routes(), ReadTimeout: requestTime, WriteTimeout: answerTime, MaxHeaderBytes: maxHeaderSize}
	go s.http.Serve(listener) // until Close; nothing else ends it
	return s, nil
}

// URL is where the metrics are.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() + "/metrics" }

// Public reports whether other machines can reach the server.
func (s *Server) Public() bool {
	address, ok := s.listener.Addr().(*net.TCPAddr)
	return !ok || !address.IP.IsLoopback()
}

// Show takes the state that scrapes are answered with from now on.
func (s *Server) Show(state State) { s.state.Store(&state) }

// Linger waits until a scrape has been answered with a finished run, but no longer than limit, and
// no longer than until stop is closed.
func (s *Server) Linger(limit time.Duration, stop <-chan struct{}) {
	enough := time.NewTimer(limit)
	defer enough.Stop()
	select {
	case <-s.finished:
	case <-enough.C:
	case <-stop:
	}
}

// Close ends the server, when the scrapes that are being answered are, or a second later.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closingTime)
	defer cancel()
	return errors.Join(s.http.Shutdown(ctx), s.http.Close())
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	// Compression is off: it would take more CPU time from the load than all the rest, for a copy
	// that seldom leaves the machine.
	options := promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes, EnableOpenMetrics: true, DisableCompression: true}
	var last atomic.Bool // a finished run was gathered
	// One handler for all scrapes, because it is the handler that counts how many there are.
	metrics := promhttp.HandlerFor(prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		state := s.current()
		if state.Result != nil && state.Live == nil {
			last.Store(true)
		}
		return gather(state)
	}), options)
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		metrics.ServeHTTP(w, r)
		if last.Load() {
			s.once.Do(func() { close(s.finished) })
		}
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		io.Copy(w, strings.NewReader("chatbench: the metrics of this run are at /metrics\n"))
	})
	return mux
}

func (s *Server) current() State {
	if state := s.state.Load(); state != nil {
		return *state
	}
	return State{}
}
