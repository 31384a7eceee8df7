package trace

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"chatbench/internal/aicc"

	"github.com/google/go-cmp/cmp"
)

// taping is a buffer in front of a file in memory.
type taping struct {
	t    *testing.T
	file closer
	w    *Writer
	*Buffer
}

func newTaping(t *testing.T, room Room) *taping {
	t.Helper()
	r := &taping{t: t}
	var err error
	if r.w, err = NewWriter(&r.file, header); err != nil {
		t.Fatal(err)
	}
	r.Buffer = NewBuffer(r.w, room)
	return r
}

// recorded closes the file and lists the conversations in it, as customer/epoch, with their events.
func (r *taping) recorded() (names []string, count map[string]int) {
	r.t.Helper()
	n, err := r.w.Close()
	if err != nil {
		r.t.Fatal(err)
	}
	list, _, _, err := read(r.file.Bytes())
	if err != nil || int64(len(list)) != n {
		r.t.Fatalf("%d events read, %d written, error %v", len(list), n, err)
	}
	count = map[string]int{}
	for i := range list {
		name := fmt.Sprintf("%d/%d", list[i].Customer, list[i].Epoch)
		if count[name] == 0 {
			names = append(names, name)
			if list[i].Kind != Begin {
				r.t.Errorf("%s begins with %s", name, list[i].Kind)
			}
		}
		count[name]++
	}
	return names, count
}

// conversation is one of so many exchanges, the last of the class given.
func conversation(customer, epoch, exchanges int, last aicc.Class) []Event {
	list := []Event{{Kind: Begin, Customer: customer, Epoch: epoch, Seq: -1, Flow: "f"}}
	for i := range exchanges {
		e := Event{Kind: Invoke, Customer: customer, Epoch: epoch, Seq: -1, ID: uint32(i), Op: aicc.OpPoll, At: time.Duration(i)}
		list = append(list, e)
		e.Kind, e.Class = Return, aicc.OK
		if i == exchanges-1 {
			e.Class = last
		}
		list = append(list, e)
	}
	return append(list, Event{Kind: End, Customer: customer, Epoch: epoch, Seq: -1, Ended: ByCustomer})
}

func (t *Tape) writeAll(list []Event) {
	for i := range list {
		t.Write(&list[i])
	}
}

func TestTapeKeepsTheWholeCustomer(t *testing.T) {
	r := newTaping(t, Room{})
	want := conversation(1, 0, 300, aicc.Info) // packed several times
	second := conversation(1, 1, 3, aicc.OK)
	kept, other := r.Customer(), r.Customer()
	other.writeAll(conversation(2, 0, 5, aicc.OK))
	kept.writeAll(want)
	kept.writeAll(second[:3])
	kept.Keep()
	kept.Keep()
	kept.writeAll(second[3:])
	other.Close()
	kept.Close()
	if r.used != 0 || r.line.Len() != 0 {
		t.Errorf("%d bytes and %d conversations are still held, want none", r.used, r.line.Len())
	}
	if _, err := r.w.Close(); err != nil {
		t.Fatal(err)
	}
	got, _, _, err := read(r.file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append(want, second...), got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if lost := r.Lost(); lost != (Lost{}) {
		t.Errorf("lost %+v, want nothing", lost)
	}
}

// TestTapeRoom fills the memory in several ways.
func TestTapeRoom(t *testing.T) {
	const small = 3000 // bytes: room for one short conversation as it is, and for a few packed ones
	tests := []struct {
		why      string
		room     Room
		write    func(r *taping) (keep *Tape)
		recorded []string
		lost     Lost
	}{
		{"all has room", Room{}, func(r *taping) *Tape {
			a := r.Customer()
			a.writeAll(conversation(1, 0, 5, aicc.OK))
			a.writeAll(conversation(1, 1, 5, aicc.OK))
			return a
		}, []string{"1/0", "1/1"}, Lost{}},
		{"the customer's oldest goes", Room{Customer: small}, func(r *taping) *Tape {
			a := r.Customer()
			for epoch := range 30 {
				a.writeAll(conversation(1, epoch, 5, aicc.OK))
			}
			return a
		}, nil, Lost{Conversations: -1}},
		{"what was dropped may excuse something", Room{Customer: small}, func(r *taping) *Tape {
			a := r.Customer()
			a.writeAll(conversation(1, 0, 5, aicc.Info))
			for epoch := range 30 {
				a.writeAll(conversation(1, epoch+1, 5, aicc.OK))
			}
			return a
		}, nil, Lost{Customers: 1}},
		{"one conversation is too long by itself", Room{Customer: small}, func(r *taping) *Tape {
			a := r.Customer()
			a.writeAll(conversation(1, 0, 5000, aicc.OK))
			return a
		}, nil, Lost{Customers: 1}},
		{"it is not the one that broke a rule", Room{Customer: small}, func(r *taping) *Tape {
			a := r.Customer()
			a.writeAll(conversation(1, 0, 5000, aicc.OK))
			a.writeAll(conversation(1, 1, 5, aicc.OK))
			return a
		}, []string{"1/1"}, Lost{Conversations: 1}},
		{"its end had no outcome, which may excuse something", Room{Customer: small}, func(r *taping) *Tape {
			a := r.Customer()
			a.writeAll(conversation(1, 0, 5000, aicc.Info))
			a.writeAll(conversation(1, 1, 5, aicc.OK))
			return a
		}, nil, Lost{Customers: 1}},
		{"the oldest of all goes", Room{All: small}, func(r *taping) *Tape {
			a, b := r.Customer(), r.Customer()
			a.writeAll(conversation(1, 0, 5, aicc.OK))
			for epoch := range 30 {
				b.writeAll(conversation(2, epoch, 5, aicc.OK))
			}
			a.writeAll(conversation(1, 1, 5, aicc.OK))
			return a
		}, []string{"1/1"}, Lost{Conversations: 1}},
		{"a customer who is gone takes no room", Room{All: small}, func(r *taping) *Tape {
			a := r.Customer()
			a.writeAll(conversation(1, 0, 5, aicc.OK))
			for customer := range 30 {
				b := r.Customer()
				b.writeAll(conversation(2+customer, 0, 5, aicc.OK))
				b.Close()
			}
			return a
		}, []string{"1/0"}, Lost{}},
	}
	for _, tt := range tests {
		r := newTaping(t, tt.room)
		tape := tt.write(r)
		if r.used > r.room.All || tape.size > r.room.Customer {
			t.Errorf("%s: %d bytes are held, %d of the customer, want at most %+v", tt.why, r.used, tape.size, r.room)
		}
		tape.Keep()
		recorded, count := r.recorded()
		lost := r.Lost()
		if tt.lost.Conversations < 0 { // as many as the others leave, and the newest are there
			if len(recorded) < 1 || int64(len(recorded))+lost.Conversations != 30 || recorded[len(recorded)-1] != "1/29" {
				t.Errorf("%s: recorded %v, lost %+v; want the newest of 30", tt.why, recorded, lost)
			}
		} else if diff := cmp.Diff(tt.recorded, recorded); diff != "" || lost != tt.lost {
			t.Errorf("%s: lost %+v, want %+v; recorded (-want +got):\n%s", tt.why, lost, tt.lost, diff)
		}
		for name, n := range count {
			if n != len(conversation(0, 0, 5, aicc.OK)) {
				t.Errorf("%s: %d events of %s, want all of them or none", tt.why, n, name)
			}
		}
	}
}

// TestTapeAccount wants the bytes that count to be the bytes there are, also around a long line, whose
// memory is not kept.
func TestTapeAccount(t *testing.T) {
	r := newTaping(t, Room{})
	tape := r.Customer()
	list := conversation(1, 0, 400, aicc.OK)
	list[100].Error = strings.Repeat("why ", 10_000)
	for i := range list {
		tape.Write(&list[i])
		want := 0
		for _, h := range tape.held {
			want += overhead + cap(h.lines)
			for _, p := range h.pieces {
				want += len(p)
			}
		}
		if tape.size != want || r.used != want {
			t.Fatalf("after %d events %d bytes count, %d of all, want %d", i+1, tape.size, r.used, want)
		}
	}
	if held := tape.held[0]; len(held.pieces) < 5 || held.lines != nil {
		t.Errorf("%d pieces and %d bytes of lines at the end, want at least 5 and none", len(held.pieces), cap(held.lines))
	}
	tape.Keep()
	if _, count := r.recorded(); count["1/0"] != len(list) {
		t.Errorf("%d events in the file, want %d", count["1/0"], len(list))
	}
}

// TestTapesTogether lets many customers fight for little room: the bound holds, and what is recorded
// is whole.
func TestTapesTogether(t *testing.T) {
	r := newTaping(t, Room{Customer: 8 << 10, All: 64 << 10})
	var customers sync.WaitGroup
	for customer := range 40 {
		customers.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(customer), 7))
			tape := r.Customer()
			defer tape.Close()
			for epoch := range 20 {
				tape.writeAll(conversation(customer, epoch, 1+rng.IntN(60), aicc.OK))
				r.mu.Lock()
				if r.used > r.room.All {
					t.Errorf("%d bytes are held, want at most %d", r.used, r.room.All)
				}
				r.mu.Unlock()
				if rng.IntN(30) == 0 {
					tape.Keep()
				}
			}
		})
	}
	customers.Wait()
	if r.used != 0 || r.line.Len() != 0 {
		t.Errorf("%d bytes and %d conversations are still held, want none", r.used, r.line.Len())
	}
	names, count := r.recorded()
	if len(names) == 0 {
		t.Fatal("nothing was recorded")
	}
	for name, n := range count {
		if n%2 != 0 || n < 4 {
			t.Errorf("%s has %d events, want its beginning, its end and pairs", name, n)
		}
	}
}

// TestTapeCut cuts a file that was kept, as a crash might: what is read is a beginning of it.
func TestTapeCut(t *testing.T) {
	r := newTaping(t, Room{})
	head := r.file.Len()
	tape := r.Customer()
	want := conversation(1, 0, 200, aicc.OK)
	tape.writeAll(want)
	tape.Keep()
	if _, err := r.w.Close(); err != nil {
		t.Fatal(err)
	}
	for n := head; n < r.file.Len(); n += 7 {
		got, _, truncated, err := read(r.file.Bytes()[:n])
		if err != nil || !truncated {
			t.Fatalf("cut after %d bytes: truncated %v, error %v", n, truncated, err)
		}
		if len(got) > len(want) || !slices.EqualFunc(got, want[:len(got)], func(a, b Event) bool { return a.Kind == b.Kind && a.ID == b.ID }) {
			t.Fatalf("cut after %d bytes: %d events that are not the first ones", n, len(got))
		}
	}
}

// TestTapeRemembersWhoWasNotSentAway drops a conversation and wants the customer to be refused later
// where the tenant may rightly take that conversation for going on: it excuses what comes then.
func TestTapeRemembersWhoWasNotSentAway(t *testing.T) {
	exchange := func(op aicc.Op, class aicc.Class) []Event {
		return []Event{{Kind: Invoke, Op: op, Seq: -1}, {Kind: Return, Op: op, Class: class, Seq: -1}}
	}
	hungUp := Event{Kind: Deliver, Seq: -1, Message: &aicc.Downlink{ControlType: aicc.Disconnect}}
	connected, refused := exchange(aicc.OpConnect, aicc.OK), exchange(aicc.OpConnect, aicc.Fail)
	for _, tt := range []struct {
		why  string
		last []Event // after many polls
		kept bool
	}{
		{"DISCONNECT was accepted", slices.Concat(connected, exchange(aicc.OpDisconnect, aicc.OK)), true},
		{"the other side hung up", append(slices.Clone(connected), hungUp), true},
		{"CONNECT was refused", refused, true},
		{"CONNECT was never sent", nil, true},
		{"DISCONNECT was refused", slices.Concat(connected, exchange(aicc.OpDisconnect, aicc.Fail)), false},
		{"DISCONNECT was never sent", connected, false},
	} {
		for early, room := range map[bool]int{true: 1 << 10, false: 64 << 10} { // dropped while it goes on, or later
			r := newTaping(t, Room{Customer: room})
			tape := r.Customer()
			whole := conversation(1, 0, 30, aicc.OK)
			tape.writeAll(whole[:len(whole)-1])
			tape.writeAll(tt.last)
			tape.writeAll(whole[len(whole)-1:])
			if !early {
				r.mu.Lock()
				r.drop(tape.held[0])
				r.mu.Unlock()
			}
			tape.writeAll(conversation(1, 1, 1, aicc.OK))
			tape.Keep()
			if tape.kept != tt.kept {
				t.Errorf("%s, dropped early: %v: kept %v, want %v", tt.why, early, tape.kept, tt.kept)
			}
		}
	}
}
