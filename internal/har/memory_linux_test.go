package har

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatbench/internal/trace"
)

// largeFile names the recording that TestMemory's other process reads.
const largeFile = "HAR_TEST_LARGE_FILE"

// TestMemory reads a recording of 200 MB in a process of its own and wants it to stay below 64 MiB.
func TestMemory(t *testing.T) {
	if file := os.Getenv(largeFile); file != "" {
		readLarge(t, file)
		return
	}
	if testing.Short() || slowed {
		t.Skip("a file of 200 MB")
	}
	file := filepath.Join(t.TempDir(), "large.har")
	polls := writeLarge(t, file, 200e6)
	cmd := exec.Command(os.Args[0], "-test.run=^TestMemory$", "-test.v")
	cmd.Env = append(os.Environ(), largeFile+"="+file, fmt.Sprintf("HAR_TEST_POLLS=%d", polls))
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v of processor", cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
}

// readLarge is the other process.
func readLarge(t *testing.T, file string) {
	began := time.Now()
	r, err := Open(file, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	indexed := time.Since(began)
	n := 0
	if _, _, err := r.Replay(nil, func(*trace.Event) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d entries, %d of the chat, %d events: indexed in %v, events in %v", r.About.Entries, r.About.Used, n, indexed, time.Since(began)-indexed)
	var polls int
	fmt.Sscan(os.Getenv("HAR_TEST_POLLS"), &polls)
	if want := 2*(polls+3) + 3; n != want { // Invoke and Return of each; Begin, DISCONNECT, End
		t.Errorf("%d events of %d polls, want %d", n, polls, want)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	const most = 64 << 10
	peak := 0
	if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
		fmt.Sscan(rest, &peak)
	}
	if t.Logf("%d KiB at most", peak); peak == 0 || peak > most {
		t.Errorf("the process took %d KiB, want at most %d", peak, most)
	}
}
