package report

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strconv"

	"github.com/vbauerster/mpb/v8/cwriter"
)

// IsTerminal reports whether w is a terminal that can move its cursor, which one of the type "dumb"
// cannot.
func IsTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && cwriter.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb"
}

// Size gives the columns and rows of a terminal; 0 where they are not known.
type Size func() (columns, rows int)

// sizeOf asks the terminal behind w each time, for it may be resized.
func sizeOf(w io.Writer) Size {
	file, ok := w.(*os.File)
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
// and it leaves torn lines behind when the terminal was made narrower: lines that do not fit any
// more are broken in two, and moving up goes not far enough. So a frame is written over the one
// before, each line clearing what is behind it, and after a resize the lines are counted as the
// terminal has broken them.
type screen struct {
	w      io.Writer
	size   Size
	widths []int // columns of each line of the last frame
}

// back is how mpb begins each frame but the first.
var back = regexp.MustCompile(`^\x1b\[([0-9]+)A\x1b\[J`)

// Escape sequences of the terminal.
const (
	clearBelow = "\x1b[J"
	clearRight = "\x1b[K"
)

// Write takes one frame of mpb and gives the terminal one write.
func (s *screen) Write(frame []byte) (int, error) {
	var out bytes.Buffer
	body := frame
	if m := back.FindSubmatch(frame); m != nil {
		body = frame[len(m[0]):]
		lines, _ := strconv.Atoi(string(m[1])) // digits
		s.goBack(&out, lines)
	}
	s.widths = s.widths[:0]
	for line := range bytes.Lines(body) {
		text, ended := bytes.CutSuffix(line, []byte("\n"))
		s.widths = append(s.widths, width(colours.ReplaceAllString(string(text), "")))
		out.Write(text)
		if ended {
			out.WriteString(clearRight + "\n")
		}
	}
	out.WriteString(clearBelow)
	if _, err := s.w.Write(out.Bytes()); err != nil {
		return 0, err
	}
	return len(frame), nil
}

// colours are escape sequences that take no room.
var colours = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// goBack moves to the beginning of so many lines of the last frame. What was above them, printed
// by [Live.Print], stays. The terminal itself may have written behind them, such as ^C.
func (s *screen) goBack(out *bytes.Buffer, lines int) {
	columns, _ := s.size()
	rows := 0
	for _, w := range s.widths[max(len(s.widths)-lines, 0):] {
		rows++
		if columns > 0 && w > columns {
			rows += (w - 1) / columns
		}
	}
	out.WriteString("\r\x1b[" + strconv.Itoa(rows) + "A")
	if rows != lines {
		out.WriteString(clearBelow)
	}
}
