package har

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"time"
)

// draft turns the exchanges of a recording into a scenario: what the customers said and when, whom
// they waited for, how it ended. It keeps texts and times, and files up to a bound, but nothing of
// what the other side said. What a scenario cannot say becomes a [Note]; nothing is left out
// silently. Ids, tokens, secrets, names and what looks like personal data are never written.
type draft struct {
	users []*draftUser
	known identities
	files []upload
	kept  int                 // bytes of files
	notes map[string]*rawNote // by text

	contents map[[sha256.Size]byte][]byte // of files, each once
}

// Note is what the reader of a draft should know: what was left out or made up, and where.
type Note struct {
	Entry int // index in log.entries of the first exchange that it is about; -1: of none in particular
	Count int // how many exchanges it is about
	Text  string
}

// rawNote is a note whose words may hold what must not be shown.
type rawNote struct {
	entry, count int
	order        int // in which notes were made
	format       string
	args         []any
}

// note notes something, once for all exchanges of which it says the same.
func (d *draft) note(entry int, format string, args ...any) {
	if d.notes == nil {
		d.notes = map[string]*rawNote{}
	}
	text := fmt.Sprintf(format, args...)
	n := d.notes[text]
	if n == nil {
		n = &rawNote{entry: entry, order: len(d.notes), format: format, args: args}
		d.notes[text] = n
	}
	n.count++
	n.entry = min(n.entry, entry)
}

// noted are the notes in the order of the file. By now it is known what must not be shown.
func (d *draft) noted() []Note {
	inOrder := slices.SortedFunc(maps.Values(d.notes), func(a, b *rawNote) int { return cmp.Or(a.entry-b.entry, a.order-b.order) })
	notes := make([]Note, 0, len(inOrder))
	for _, raw := range inOrder {
		args := slices.Clone(raw.args)
		for i, arg := range args {
			if text, ok := arg.(string); ok {
				args[i] = d.known.hide(text)
			}
		}
		notes = append(notes, Note{Entry: raw.entry, Count: raw.count, Text: fmt.Sprintf(raw.format, args...)})
	}
	return notes
}

// talks cuts what a customer did into conversations. Polls outside of one are nobody's.
func (d *draft) talks(user int) []*talk {
	u := d.users[user]
	beats := slices.Clone(u.beats)
	slices.SortStableFunc(beats, func(a, b beat) int { return cmp.Compare(a.at, b.at) })
	beats = slices.DeleteFunc(beats, func(b beat) bool {
		refused := b.kind == beatConnect && b.code != ""
		if refused {
			d.note(b.entry, "a CONNECT that was refused with %s; left out", b.code)
		}
		return refused
	})
	var all []*talk
	for from := 0; from < len(beats); {
		to := from + 1
		for to < len(beats) && beats[to].kind != beatConnect {
			to++
		}
		if d.isTalk(beats[from:to]) {
			all = append(all, d.script(user, beats[from:to]))
		}
		from = to
	}
	return all
}

// isTalk reports whether something was said. In front of the first CONNECT there may be polls, and a
// CONNECT that nobody answered is not a conversation.
func (d *draft) isTalk(beats []beat) bool {
	if beats[0].kind == beatConnect {
		if len(beats) == 1 {
			d.note(beats[0].entry, "a CONNECT that nothing followed; left out")
		}
		return len(beats) > 1
	}
	spoke := slices.ContainsFunc(beats, func(b beat) bool { return b.kind == beatSay || b.kind == beatUpload || b.kind == beatHandover })
	if !spoke && slices.ContainsFunc(beats, func(b beat) bool { return b.kind != beatPolled }) {
		d.note(beats[0].entry, "the end of a conversation that began before the recording; left out")
	}
	return spoke
}

// roundTime makes a time that a person would write: two digits, and no less than a tenth of a second.
func roundTime(t time.Duration) time.Duration {
	unit := 100 * time.Millisecond
	for _, u := range []time.Duration{time.Second, 10 * time.Second, time.Minute, 10 * time.Minute} {
		if t >= 10*u {
			unit = u
		}
	}
	return max(t.Round(unit), 100*time.Millisecond)
}
