package loop

import (
	"syscall"
	"testing"
	"time"
)

func pair(t *testing.T) (near, far int) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fds[0]); syscall.Close(fds[1]) })
	return fds[0], fds[1]
}

func TestPoller(t *testing.T) {
	p, err := NewPoller()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	near, far := pair(t)
	if err := p.Add(near); err != nil {
		t.Fatal(err)
	}
	if ready, err := p.Wait(time.Millisecond); len(ready) != 0 || err != nil {
		t.Errorf("nothing was written: ready %v, error %v; want none", ready, err)
	}
	if _, err := syscall.Write(far, []byte("x")); err != nil {
		t.Fatal(err)
	}
	for _, why := range []string{"something was written", "it was not read yet"} {
		if ready, err := p.Wait(time.Second); len(ready) != 1 || ready[0] != near || err != nil {
			t.Errorf("%s: ready %v, error %v; want [%d]", why, ready, err, near)
		}
	}
}

func TestPollerRefusesWhatIsNoSocket(t *testing.T) {
	p, err := NewPoller()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Add(-1); err == nil {
		t.Error("Add(-1) gave no error")
	}
}

func TestCPUGrows(t *testing.T) {
	before, times := CPU(), NewTimes()
	for end := time.Now().Add(20 * time.Millisecond); time.Now().Before(end); {
		times.Add(time.Millisecond)
	}
	if after := CPU(); after <= before || before <= 0 {
		t.Errorf("processor time went from %v to %v, want more", before, after)
	}
}
