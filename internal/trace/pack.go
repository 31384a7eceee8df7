package trace

import (
	"errors"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
)

// The lines on their way to a file take at most 8 MiB, which is some seconds of a large run. Memory
// that was not needed yet is not there.
const (
	bufferSize = 64 << 10
	buffers    = 128
)

// packer compresses a file in a goroutine of its own. It never waits for those who write; they wait
// for it when all buffers are full. After an error it takes what comes and drops it.
type packer struct {
	file io.WriteCloser
	zip  *gzip.Writer

	full   chan chunk  // in the order of the file; closed by close
	empty  chan []byte // buffers that were packed
	made   int         // buffers; of those who call buffer
	failed atomic.Bool // nothing is written any more
	err    error       // the first one; the goroutine's, until it is done
	done   chan struct{}
}

// chunk is a buffer of lines. Whoever waits for it to be readable is told the first error there was.
type chunk struct {
	lines    []byte
	readable chan<- error // with room for the answer; nil: nobody waits
}

// newPacker begins a file with a header, so that a file that takes nothing is found out at once.
func newPacker(f io.WriteCloser, header []byte) (*packer, error) {
	zip, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	p := &packer{file: f, zip: zip, full: make(chan chunk, buffers), empty: make(chan []byte, buffers), done: make(chan struct{})}
	p.write(header)
	p.flush()
	if p.err != nil {
		return nil, p.err
	}
	go p.run()
	return p, nil
}

// run packs until close.
func (p *packer) run() {
	defer close(p.done)
	for c := range p.full {
		p.write(c.lines)
		p.empty <- c.lines[:0]
		if c.readable != nil {
			p.flush()
			c.readable <- p.err
		}
	}
	p.try(p.zip.Close)
}

func (p *packer) write(lines []byte) {
	p.try(func() error {
		_, err := p.zip.Write(lines)
		return err
	})
}

func (p *packer) flush() { p.try(p.zip.Flush) }

// try does one thing with the file, unless one failed before.
func (p *packer) try(do func() error) {
	if p.err == nil {
		p.err = do()
		p.failed.Store(p.err != nil)
	}
}

// buffer is an empty one. It waits when there are as many as there may be; calls must not overlap.
func (p *packer) buffer() []byte {
	select {
	case b := <-p.empty:
		return b
	default:
	}
	if p.made == buffers {
		return <-p.empty
	}
	p.made++
	return make([]byte, 0, bufferSize)
}

// close packs the last lines, ends the file and returns the first error there was, and that of
// closing it.
func (p *packer) close(lines []byte) error {
	p.full <- chunk{lines: lines}
	close(p.full)
	<-p.done
	return errors.Join(p.err, p.file.Close())
}
