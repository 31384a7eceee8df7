package report

import (
	"bytes"
	"io"
	"os"
	"regexp"

	"github.com/vbauerster/mpb/v8/cwriter"
)

// IsTerminal reports whether w is a terminal that can move its cursor, which one of the type "dumb"
// cannot.
func IsTerminal(w io.Writer) bool {
	file, ok := w.(interface{ Fd() uintptr })
	return ok && cwriter.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb"
}

// Size gives the columns and rows of a terminal; 0 where they are not known.
type Size func() (columns, rows int)

// sizeOf asks the terminal behind w each time, for it may be resized.
func sizeOf(w io.Writer) Size {
	file, ok := w.(interface{ Fd() uintptr })
	if !ok {
		return func() (int, int) { return 0, 0 }
	}
	return func() (int, int) {
		columns, rows, err := cwriter.GetSize(int(file.Fd()))
		if err != nil {
			return 0, 0
		}
		return columns, rows
	}
}

// screen stands between mpb and the terminal. mpb takes a frame back by moving up as many lines as
// it had and clearing everything below. That flickers, since the terminal may show the empty place,
// and after a resize it leaves torn lines behind: the terminal has broken the lines anew, and may
// have moved some out of reach. So the view has the terminal's alternate screen to itself, as an
// editor has, and each frame is written over the one before from the top left corner, every line
// clearing what is behind it. When it is closed the terminal shows what it did before.
type screen struct {
	w      io.Writer
	opened bool
}

// back is how mpb begins each frame but the first.
var back = regexp.MustCompile(`^\x1b\[[0-9]+A\x1b\[J`)

// Escape sequences of the terminal.
const (
	alternate  = "\x1b[?1049h\x1b[?25l" // screen, without cursor
	ordinary   = "\x1b[?25h\x1b[?1049l"
	home       = "\x1b[H"
	clearRight = "\x1b[K"
	clearBelow = "\x1b[J"
)

// Write takes one frame of mpb and gives the terminal one write.
func (s *screen) Write(frame []byte) (int, error) {
	var out bytes.Buffer
	if !s.opened {
		s.opened = true
		out.WriteString(alternate)
	}
	out.WriteString(home)
	lines := back.ReplaceAll(frame, nil)
	out.Write(bytes.ReplaceAll(lines, []byte("\n"), []byte(clearRight+"\n")))
	out.WriteString(clearBelow)
	if _, err := s.w.Write(out.Bytes()); err != nil {
		return 0, err
	}
	return len(frame), nil
}

// close gives the terminal back.
func (s *screen) close() {
	if s.opened {
		s.opened = false
		io.WriteString(s.w, ordinary) // nothing can be done about an error
	}
}
