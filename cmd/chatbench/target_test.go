package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/scenario"
)

const away = "https://service.example.com:28070/base"

// whole is a target of a scenario with everything in it.
func whole() *scenario.Target {
	return &scenario.Target{URL: away, Channel: "scenario channel", AppKey: "scenario key", AppSecret: "scenario secret", CAFile: "scenario.pem", SNI: "scenario.example.com"}
}

// clean takes the variables of the machine away for a test, and sets some.
func clean(t *testing.T, variables map[string]string) {
	t.Helper()
	for _, name := range []string{"CHANNEL", "APP_KEY", "APP_SECRET", "APP_SECRET_FILE"} {
		t.Setenv("CHATBENCH_"+name, variables["CHATBENCH_"+name])
	}
}

func write(t *testing.T, text string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTarget(t *testing.T) {
	file := write(t, "  file secret\r\n")
	allow := []string{"other.example.com", "service.example.com"}
	embedded := scenario.DefaultTenant()
	tests := []struct {
		why      string
		flags    targetFlags
		env      map[string]string
		scenario *scenario.Target
		want     *scenario.Target
	}{
		{"without a target it is the embedded tenant", targetFlags{}, nil, nil, nil},
		{"variables are not a target", targetFlags{}, map[string]string{"CHATBENCH_APP_SECRET": "s", "CHATBENCH_APP_SECRET_FILE": "/nowhere"}, nil, nil},
		{"the scenario alone", targetFlags{allow: allow}, nil, whole(), whole()},
		{"variables over the scenario", targetFlags{allow: allow},
			map[string]string{"CHATBENCH_CHANNEL": "env channel", "CHATBENCH_APP_KEY": "env key", "CHATBENCH_APP_SECRET": "env secret"}, whole(),
			&scenario.Target{URL: away, Channel: "env channel", AppKey: "env key", AppSecret: "env secret", CAFile: "scenario.pem", SNI: "scenario.example.com"}},
		{"flags over variables", targetFlags{url: "https://other.example.com", channel: "flag channel", key: "flag key", secret: "flag secret",
			caFile: "flag.pem", sni: "flag.example.com", insecure: true, allow: allow},
			map[string]string{"CHATBENCH_CHANNEL": "env channel", "CHATBENCH_APP_KEY": "env key", "CHATBENCH_APP_SECRET": "env secret", "CHATBENCH_APP_SECRET_FILE": "/nowhere"}, whole(),
			&scenario.Target{URL: "https://other.example.com", Channel: "flag channel", AppKey: "flag key", AppSecret: "flag secret",
				CAFile: "flag.pem", SNI: "flag.example.com", Insecure: true}},
		{"flags alone", targetFlags{url: away, channel: "c", key: "k", secret: "s", allow: allow}, nil, nil,
			&scenario.Target{URL: away, Channel: "c", AppKey: "k", AppSecret: "s"}},
		{"a secret in a file, without the spaces around it", targetFlags{url: away, channel: "c", key: "k", secretFile: file, allow: allow}, nil, nil,
			&scenario.Target{URL: away, Channel: "c", AppKey: "k", AppSecret: "file secret"}},
		{"a secret in a file that a variable names", targetFlags{allow: allow}, map[string]string{"CHATBENCH_APP_SECRET_FILE": file}, whole(),
			&scenario.Target{URL: away, Channel: "scenario channel", AppKey: "scenario key", AppSecret: "file secret", CAFile: "scenario.pem", SNI: "scenario.example.com"}},
		{"the file of a flag over the secret of a variable", targetFlags{secretFile: file, allow: allow}, map[string]string{"CHATBENCH_APP_SECRET": "env secret"}, whole(),
			&scenario.Target{URL: away, Channel: "scenario channel", AppKey: "scenario key", AppSecret: "file secret", CAFile: "scenario.pem", SNI: "scenario.example.com"}},
		{"on this machine the embedded tenant's words are enough", targetFlags{url: "http://127.0.0.1:8080"}, nil, nil,
			&scenario.Target{URL: "http://127.0.0.1:8080", Channel: embedded.Channel, AppKey: embedded.AppKey, AppSecret: embedded.AppSecret}},
		{"by name as well, and by IPv6", targetFlags{url: "https://[::1]:8443", key: "k"}, nil, nil,
			&scenario.Target{URL: "https://[::1]:8443", Channel: embedded.Channel, AppKey: "k", AppSecret: embedded.AppSecret}},
		{"localhost needs no permission", targetFlags{url: "http://localhost:1"}, map[string]string{"CHATBENCH_APP_SECRET": "env secret"}, nil,
			&scenario.Target{URL: "http://localhost:1", Channel: embedded.Channel, AppKey: embedded.AppKey, AppSecret: "env secret"}},
	}
	for _, tt := range tests {
		clean(t, tt.env)
		s := &scenario.Scenario{Target: tt.scenario}
		if err := tt.flags.apply(s); err != nil {
			t.Errorf("%s: %v", tt.why, err)
			continue
		}
		if diff := cmp.Diff(tt.want, s.Target); diff != "" {
			t.Errorf("%s: target (-want +got):\n%s", tt.why, diff)
		}
	}
}

func TestTargetRefused(t *testing.T) {
	here := "http://127.0.0.1:8080"
	empty := write(t, " \n")
	allow := []string{"service.example.com"}
	tests := []struct {
		why   string
		flags targetFlags
		env   map[string]string
		say   []string
	}{
		{"flags of a target without one", targetFlags{channel: "c"}, nil, []string{"--target"}},
		{"a secret file without a target", targetFlags{secretFile: empty}, nil, []string{"--target"}},
		{"no address", targetFlags{url: "service.example.com:28070"}, nil, []string{"is not an address", "https://"}},
		{"no host", targetFlags{url: "https:///base"}, nil, []string{"is not an address"}},
		{"another scheme", targetFlags{url: "ws://127.0.0.1"}, nil, []string{"is not an address"}},
		{"a port that is none", targetFlags{url: "http://127.0.0.1:port"}, nil, []string{"is not an address"}},
		{"a host that was not allowed", targetFlags{url: away, channel: "c", key: "k", secret: "s"}, nil,
			[]string{"service.example.com is not on this machine", "--allow-target service.example.com"}},
		{"another host was allowed", targetFlags{url: "https://example.com", channel: "c", key: "k", secret: "s", allow: allow}, nil,
			[]string{"--allow-target example.com"}},
		{"a private address is not this machine", targetFlags{url: "http://10.0.0.1", allow: allow}, nil, []string{"--allow-target 10.0.0.1"}},
		{"an address of this machine's name", targetFlags{url: "http://127.0.0.1.example.com", allow: allow}, nil, []string{"is not on this machine"}},
		{"everything is missing, in the order of the flags", targetFlags{url: away, allow: allow}, nil,
			[]string{"--channel (or CHATBENCH_CHANNEL), --app-key (or CHATBENCH_APP_KEY), --app-secret (or CHATBENCH_APP_SECRET)"}},
		{"one is missing", targetFlags{url: away, channel: "c", secret: "s", allow: allow}, nil, []string{"needs --app-key (or CHATBENCH_APP_KEY)"}},
		{"no such secret file", targetFlags{url: here, secretFile: "/nowhere/secret"}, nil, []string{"application secret: ", "/nowhere/secret"}},
		{"no such secret file in the environment", targetFlags{url: here}, map[string]string{"CHATBENCH_APP_SECRET_FILE": "/nowhere/secret"}, []string{"/nowhere/secret"}},
		{"an empty secret file", targetFlags{url: here, secretFile: empty}, nil, []string{"application secret: " + empty + " is empty"}},
	}
	for _, tt := range tests {
		clean(t, tt.env)
		err := tt.flags.apply(&scenario.Scenario{})
		if err == nil {
			t.Errorf("%s: no error, want one with %q", tt.why, tt.say)
			continue
		}
		for _, part := range tt.say {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: error %q, want it to say %q", tt.why, err, part)
			}
		}
	}
}
