package tenant

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"chatbench/internal/http1"
	"chatbench/internal/scenario"
)

// TestPage asks for the page's files and what belongs to them.
func TestPage(t *testing.T) {
	page := fstest.MapFS{
		"index.html": {Data: []byte("<!DOCTYPE html>")},
		"chat.js":    {Data: []byte("export {};")},
		"style.css":  {Data: []byte("body {}")},
		"README.md":  {Data: []byte("not for browsers")},
		"a/b.js":     {Data: []byte("deep")},
	}
	cfg := scenario.DefaultTenant()
	cfg.ExtraFields = true
	at := listen(t, cfg, Options{Page: page})
	for _, tt := range []struct {
		path, kind, want string
		status           int
		why              string
	}{
		{"/", "text/html; charset=utf-8", "<!DOCTYPE html>", 200, "the page itself"},
		{"/index.html", "text/html; charset=utf-8", "<!DOCTYPE html>", 200, "by its name"},
		{"/chat.js", "text/javascript; charset=utf-8", "export {};", 200, "a browser runs no module of another type"},
		{"/style.css", "text/css; charset=utf-8", "body {}", 200, "nor uses such a style sheet"},
		{"/a/b.js", "text/javascript; charset=utf-8", "deep", 200, "in a folder"},
		{"/README.md", "application/json", "", 404, "of a type that is not meant to be served"},
		{"/nothing.js", "application/json", "", 404, "not there"},
		{"/../page.go", "application/json", "", 404, "outside"},
		{"/a//b.js", "application/json", "", 404, "no valid name"},
		{"/%2e%2e/page.go", "application/json", "", 404, "outside, in disguise"},
	} {
		got, body := get(t, at+tt.path)
		if got.StatusCode != tt.status || got.Header.Get("Content-Type") != tt.kind || tt.want != "" && body != tt.want {
			t.Errorf("%s (%s): %d %s %q, want %d %s %q", tt.path, tt.why, got.StatusCode, got.Header.Get("Content-Type"), body, tt.status, tt.kind, tt.want)
		}
		if policy := got.Header.Get("Content-Security-Policy"); tt.status == 200 && (!strings.Contains(policy, "default-src 'none'") || got.Header.Get("X-Content-Type-Options") != "nosniff") {
			t.Errorf("%s: policy %q and X-Content-Type-Options %q", tt.path, policy, got.Header.Get("X-Content-Type-Options"))
		}
	}
	_, body := get(t, at+PageSetupPath)
	var setup PageSetup
	if err := json.Unmarshal([]byte(body), &setup); err != nil || setup != (PageSetup{Channel: cfg.Channel, AppKey: cfg.AppKey, AppSecret: cfg.AppSecret}) {
		t.Errorf("set-up %q, %v, want that of the tenant", body, err)
	}
}

// TestNoPage checks that nothing of it is there unless it was asked for, the secret least of all.
func TestNoPage(t *testing.T) {
	at := listen(t, scenario.DefaultTenant(), Options{})
	for _, path := range []string{"/", "/index.html", PageSetupPath} {
		if got, body := get(t, at+path); got.StatusCode != http.StatusNotFound || strings.Contains(body, "secret") {
			t.Errorf("%s: %d %q, want 404", path, got.StatusCode, body)
		}
	}
}

// TestPageStaysHere checks that a browser on another machine gets neither page nor secret.
func TestPageStaysHere(t *testing.T) {
	s, err := New(scenario.DefaultTenant(), Options{Page: fstest.MapFS{"index.html": {Data: []byte("x")}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", PageSetupPath} {
		x := &http1.Exchange{Conn: remote{}, Method: http.MethodGet, Path: []byte(path)}
		if s.ownPage(x) || len(x.Body) > 0 {
			t.Errorf("%s was answered to another machine: %q", path, x.Body)
		}
	}
}

// remote is a connection from another machine.
type remote struct{ net.Conn }

func (remote) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 4711} }

// listen serves a tenant at an address of its own.
func listen(t *testing.T, cfg scenario.Tenant, opt Options) string {
	t.Helper()
	s, err := New(cfg, opt)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l) //nolint:errcheck // until it is closed
	t.Cleanup(func() { s.Close(t.Context()) })
	return "http://" + l.Addr().String()
}

func get(t *testing.T, address string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}
