package export

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"chatbench/internal/result"
)

// listen makes a server on a free port of this machine.
func listen(t *testing.T) *Server {
	t.Helper()
	s, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func get(t *testing.T, url, accept string) (status int, kind, body string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", accept)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header.Get("Content-Type"), string(data)
}

// TestScrapesFollowTheRun scrapes before anything is known, while the run goes on, and at its end.
func TestScrapesFollowTheRun(t *testing.T) {
	s := listen(t)
	steps := []struct {
		why          string
		show         *State
		want, absent string
	}{
		{"before the load nothing is known", nil, "", "chatbench_"},
		{"while it goes on there are customers and no verdict", ref(running()), `chatbench_customers{run="k3x9",scenario="handover",state="robot"} 7`, "chatbench_run_verdict"},
		{"the stage of the moment is named", nil, `chatbench_stage_info{phase="load",run="k3x9",scenario="handover",stage="full"} 1`, "chatbench_gate_"},
		{"in the end there is a verdict and no customer", &State{Result: sample()}, `chatbench_run_verdict{run="k3x9",scenario="handover",verdict="fail"} 1`, "chatbench_customers"},
	}
	for _, step := range steps {
		if step.show != nil {
			s.Show(*step.show)
		}
		status, _, body := get(t, s.URL(), "text/plain")
		if status != http.StatusOK || !strings.Contains(body, step.want) || strings.Contains(body, step.absent) {
			t.Errorf("%s: status %d, want %q and not %q in\n%.600s", step.why, status, step.want, step.absent, body)
		}
	}
}

func ref[T any](v T) *T { return &v }

func TestScrapesSpeakBothLanguages(t *testing.T) {
	s := listen(t)
	s.Show(running())
	tests := []struct{ accept, kind, line string }{
		{"application/openmetrics-text;version=1.0.0", "application/openmetrics-text; version=1.0.0", "\n# EOF\n"},
		{"text/plain;version=0.0.4", "text/plain; version=0.0.4", "\n# TYPE chatbench_exchanges_total counter\n"},
		{"", "text/plain; version=0.0.4", "\n# TYPE chatbench_exchanges_total counter\n"},
	}
	for _, test := range tests {
		status, kind, body := get(t, s.URL(), test.accept)
		if status != http.StatusOK || !strings.HasPrefix(kind, test.kind) || !strings.Contains(body, test.line) {
			t.Errorf("Accept %q: status %d, type %q, want 200, %q and the line %q", test.accept, status, kind, test.kind, test.line)
		}
	}
}

func TestOtherRequests(t *testing.T) {
	s := listen(t)
	root := strings.TrimSuffix(s.URL(), "metrics")
	if status, _, body := get(t, root, ""); status != http.StatusOK || !strings.Contains(body, "/metrics") {
		t.Errorf("/: status %d, %q; want 200 and where the metrics are", status, body)
	}
	if status, _, _ := get(t, root+"etc/passwd", ""); status != http.StatusNotFound {
		t.Errorf("another path: status %d, want 404", status)
	}
	answer, err := http.Post(s.URL(), "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d, want 405", answer.StatusCode)
	}
}

func TestAddresses(t *testing.T) {
	taken := listen(t)
	_, port, _ := net.SplitHostPort(taken.listener.Addr().String())
	tests := []struct{ why, address, want string }{
		{"no port", "127.0.0.1", "not an address like 127.0.0.1:9464"},
		{"a port alone", "9464", "not an address like"},
		{"nothing", "", "not an address like"},
		{"an empty port", "127.0.0.1:", "not an address like"},
		{"a port that is none", "127.0.0.1:chat", "chat"},
		{"a port that is too large", "127.0.0.1:70000", "invalid port"},
		{"a URL", "http://127.0.0.1:9464/metrics", "not an address like"},
		{"the port is taken", "127.0.0.1:" + port, "address already in use"},
	}
	for _, test := range tests {
		s, err := Listen(test.address)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s, %q: error %v, want %q", test.why, test.address, err, test.want)
		}
	}
	if _, err := Listen("9464"); !errors.Is(err, ErrAddress) {
		t.Errorf("error %v, want one that is ErrAddress", err)
	}
}

// TestOnlyThisMachine wants an address without a host to be this machine's own.
func TestOnlyThisMachine(t *testing.T) {
	for address, public := range map[string]bool{":0": false, "127.0.0.1:0": false, "localhost:0": false, "0.0.0.0:0": true} {
		s, err := Listen(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if s.Public() != public {
			t.Errorf("%s listens at %s; other machines can reach it: %v, want %v", address, s.URL(), s.Public(), public)
		}
		s.Close()
	}
}

func TestLinger(t *testing.T) {
	stopped := make(chan struct{})
	close(stopped)
	t.Run("ends with a scrape of the finished run", func(t *testing.T) {
		s := listen(t)
		s.Show(running())
		get(t, s.URL(), "")
		select {
		case <-s.finished:
			t.Error("a scrape of the run that goes on was taken for the last")
		default:
		}
		s.Show(State{Result: sample()})
		get(t, s.URL(), "")
		get(t, s.URL(), "") // two are no harm
		s.Linger(time.Hour, nil)
	})
	t.Run("ends when it is told to", func(*testing.T) { listen(t).Linger(time.Hour, stopped) })
	t.Run("ends by itself", func(*testing.T) { listen(t).Linger(time.Millisecond, nil) })
}

// TestScrapesWhileTheRunChanges is for the race detector.
func TestScrapesWhileTheRunChanges(t *testing.T) {
	s := listen(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 20 {
			s.Show(running())
		}
		s.Show(State{Result: &result.Result{}})
	})
	for range 2 {
		wg.Go(func() {
			for range 5 {
				if status, _, body := get(t, s.URL(), ""); status != http.StatusOK {
					t.Errorf("status %d: %s", status, body)
				}
			}
		})
	}
	wg.Wait()
}

// slowReader takes an answer's first bytes when it is let to, and tells when they came.
type slowReader struct {
	*httptest.ResponseRecorder
	came chan<- struct{}
	take <-chan struct{}
}

func (r *slowReader) Write(p []byte) (int, error) {
	select {
	case r.came <- struct{}{}:
	default: // not the first
	}
	<-r.take
	return r.ResponseRecorder.Write(p)
}

// TestScrapesAtOnce has two readers who take their time, as many as there may be: the next one is told
// to come again, and has its answer when one of them is through.
func TestScrapesAtOnce(t *testing.T) {
	s := listen(t)
	s.Show(running())
	routes := s.http.Handler
	ask := func() *http.Request { return httptest.NewRequest(http.MethodGet, "/metrics", nil) }
	take := make(chan struct{})
	var slow sync.WaitGroup
	readers := make([]*slowReader, maxScrapes)
	for i := range readers {
		came := make(chan struct{}, 1)
		readers[i] = &slowReader{ResponseRecorder: httptest.NewRecorder(), came: came, take: take}
		slow.Go(func() { routes.ServeHTTP(readers[i], ask()) })
		<-came
	}
	if status, _, body := get(t, s.URL(), ""); status != http.StatusServiceUnavailable {
		t.Errorf("beside %d others: status %d, want 503\n%.200s", maxScrapes, status, body)
	}
	close(take)
	slow.Wait()
	for i, r := range readers {
		if r.Code != http.StatusOK || !strings.Contains(r.Body.String(), "chatbench_customers{") {
			t.Errorf("slow reader %d: status %d, want 200 and all metrics\n%.200s", i, r.Code, r.Body)
		}
	}
	if status, _, _ := get(t, s.URL(), ""); status != http.StatusOK {
		t.Errorf("after the others: status %d, want 200", status)
	}
}

// BenchmarkScrape is what one scrape costs the machine that plays the load.
func BenchmarkScrape(b *testing.B) {
	s := &Server{finished: make(chan struct{})}
	s.Show(running())
	routes := s.routes()
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", "application/openmetrics-text;version=1.0.0")
	b.ReportAllocs()
	for b.Loop() {
		answer := httptest.NewRecorder()
		routes.ServeHTTP(answer, request)
		b.SetBytes(int64(answer.Body.Len()))
	}
}
