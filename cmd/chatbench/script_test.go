package main

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	// Scripts and pipelines wait for most of their time, so more of them are played at once than there are
	// processors. -parallel on the command line goes before it.
	if err := flag.Set("test.parallel", "3"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){
		"chatbench": func() { os.Exit(command(os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// TestScript runs the scripts in testdata/script, which are also the shortest description of how
// the commands behave.
func TestScript(t *testing.T) {
	scenarios, err := filepath.Abs("../../scenarios")
	if err != nil {
		t.Fatal(err)
	}
	hars, err := filepath.Abs("../../internal/har/testdata/dialects")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Condition: func(cond string) (bool, error) {
			if file, ok := strings.CutPrefix(cond, "exists:"); ok {
				_, err := os.Stat(file)
				return err == nil, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("SCENARIOS", scenarios)
			env.Setenv("HARS", hars)
			env.Values[background{}] = map[string]*process{}
			env.Values[variables{}] = &env.Vars
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits, "start": start, "until": until, "ends": ends,
			"certificate": certificate, "conceals": conceals,
		},
	})
}

// exits runs a command that must end with the given code:
//
//	exits 64 chatbench run nothing.yaml
func exits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits CODE command [argument...]")
	}
	if code := codeOf(ts.Exec(args[1], args[2:]...)); code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}

func codeOf(err error) string {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "0"
	case errors.As(err, &exit):
		return strconv.Itoa(exit.ExitCode())
	}
	return err.Error()
}

// background and variables are what the commands below find with a script.
type (
	background struct{}
	variables  struct{}
)

// process is a command that a script has started and goes on beside.
type process struct {
	cmd  *exec.Cmd
	out  *output // standard output and standard error
	done chan struct{}
}

// output keeps what was written and tells who waits for it.
type output struct {
	mu      sync.Mutex // protects the following
	text    bytes.Buffer
	written chan struct{} // closed and replaced at every write
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.written)
	o.written = make(chan struct{})
	return o.text.Write(p)
}

func (o *output) now() (text string, changed <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String(), o.written
}

// start starts a command under a name:
//
//	start tenant chatbench tenant --listen 127.0.0.1:0
func start(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: start NAME command [argument...]")
	}
	p := &process{out: &output{written: make(chan struct{})}, done: make(chan struct{})}
	p.cmd = exec.Command(find(ts, args[1]), args[2:]...)
	p.cmd.Dir, p.cmd.Env = ts.MkAbs("."), *ts.Value(variables{}).(*[]string)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	ts.Check(p.cmd.Start())
	go func() { defer close(p.done); p.cmd.Wait() }() // the exit code is in cmd.ProcessState
	ts.Defer(func() { p.cmd.Process.Kill(); <-p.done })
	ts.Value(background{}).(map[string]*process)[args[0]] = p
}

// find looks a command up where the script would.
func find(ts *testscript.TestScript, name string) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if path := filepath.Join(dir, name); isFile(path) {
			return path
		}
	}
	ts.Fatalf("no command %s", name)
	return ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func named(ts *testscript.TestScript, name string) *process {
	p := ts.Value(background{}).(map[string]*process)[name]
	if p == nil {
		ts.Fatalf("nothing was started under the name %s", name)
	}
	return p
}

// patience is how long a script waits for something that must come.
const patience = time.Minute

// until waits until a started command has written what a pattern matches, and sets FOUND to its
// first group:
//
//	until tenant 'tenant at (\S+),'
func until(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: until NAME PATTERN")
	}
	p, pattern := named(ts, args[0]), regexp.MustCompile(args[1])
	for late := time.After(patience); ; {
		text, changed := p.out.now()
		if m := pattern.FindStringSubmatch(text); m != nil {
			if len(m) > 1 {
				ts.Setenv("FOUND", m[1])
			}
			return
		}
		select {
		case <-changed:
		case <-p.done:
			ts.Fatalf("%s ended without writing %s:\n%s", args[0], args[1], text)
		case <-late:
			ts.Fatalf("%s did not write %s:\n%s", args[0], args[1], text)
		}
	}
}

// ends sends a signal to a started command ("-" for none), waits for its end and wants an exit
// code. What it wrote is in NAME.out afterwards.
//
//	ends run INT 130
func ends(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: ends NAME SIGNAL CODE")
	}
	p := named(ts, args[0])
	switch args[1] {
	case "INT":
		ts.Check(p.cmd.Process.Signal(os.Interrupt))
	case "KILL":
		ts.Check(p.cmd.Process.Kill())
	}
	select {
	case <-p.done:
	case <-time.After(patience):
		text, _ := p.out.now()
		ts.Fatalf("%s did not end:\n%s", args[0], text)
	}
	text, _ := p.out.now()
	if code := strconv.Itoa(p.cmd.ProcessState.ExitCode()); code != args[2] {
		ts.Fatalf("%s ended with exit code %s, want %s:\n%s", args[0], code, args[2], text)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".out"), []byte(text), 0o666))
}

// certificate writes a certificate for 127.0.0.1, which is its own authority, and its key:
//
//	certificate cert.pem key.pem
func certificate(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: certificate CERTIFICATE KEY")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	ts.Check(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	for i, block := range []*pem.Block{{Type: "CERTIFICATE", Bytes: cert}, {Type: "PRIVATE KEY", Bytes: private}} {
		ts.Check(os.WriteFile(ts.MkAbs(args[i]), pem.EncodeToMemory(block), 0o600))
	}
}

// conceals looks for a word in files, packed ones as well, and wants none of them to hold it:
//
//	conceals topsecret results/result.json
func conceals(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: conceals WORD FILE...")
	}
	for _, name := range args[1:] {
		text := unpacked(ts, name)
		if len(text) == 0 {
			ts.Fatalf("%s is empty, so it proves nothing", name)
		}
		if i := bytes.Index(text, []byte(args[0])); i >= 0 {
			ts.Fatalf("%s holds %s: %q", name, args[0], text[max(i-80, 0):min(i+80, len(text))])
		}
	}
}

// unpacked is the content of a file, without gzip where its name ends in .gz.
func unpacked(ts *testscript.TestScript, name string) []byte {
	f, err := os.Open(ts.MkAbs(name))
	ts.Check(err)
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		r, err = gzip.NewReader(f)
		ts.Check(err)
	}
	text, err := io.ReadAll(r)
	ts.Check(err)
	return text
}
