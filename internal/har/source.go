package har

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// source is a file of UTF-8 that can be read at any place: the recording itself or, where that is
// packed or UTF-16, a copy that has no name any more or, where a file that is open cannot lose it, is
// removed when the source is closed.
type source struct {
	*os.File
	remove bool
}

func (s *source) Close() error {
	err := s.File.Close()
	if s.remove {
		err = errors.Join(err, os.Remove(s.Name()))
	}
	return err
}

// openSource opens a file as what its first bytes say it is.
func openSource(name string) (*source, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, fmt.Errorf("%w: it is a folder", ErrNotHAR)
	}
	start := make([]byte, 3)
	n, err := f.ReadAt(start, 0)
	start = start[:n]
	if err != nil && !errors.Is(err, io.EOF) {
		f.Close()
		return nil, err
	}
	if !isGzip(start) && !isUTF16(start) {
		return &source{File: f}, nil
	}
	defer f.Close()
	text, err := plain(f)
	if err == nil {
		text, err = beginning(text)
	}
	if err != nil {
		return nil, whole(err)
	}
	return unpackedCopy(text)
}

// beginning looks at how a text begins, so that what is no recording is refused before all of it is
// unpacked, which may be a thousand times as long as the file.
func beginning(text io.Reader) (io.Reader, error) {
	var start bytes.Buffer
	in := newScanner(io.TeeReader(io.LimitReader(text, scanBuffer), &start))
	if err := in.begins(); err != nil {
		return nil, err
	}
	return io.MultiReader(&start, text), nil
}

// whole says of an error in what way a packed file is not whole.
func whole(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: the packed file ends in the middle", ErrNotHAR)
	}
	return err
}

func isGzip(start []byte) bool { return bytes.HasPrefix(start, []byte{0x1f, 0x8b}) }

func isUTF16(start []byte) bool {
	return bytes.HasPrefix(start, []byte{0xff, 0xfe}) || bytes.HasPrefix(start, []byte{0xfe, 0xff})
}

// unpackedCopy writes a text to a temporary file that only this user may read.
func unpackedCopy(text io.Reader) (*source, error) {
	to, err := os.CreateTemp("", "chatbench-*.har")
	if err != nil {
		return nil, err
	}
	s := &source{File: to, remove: os.Remove(to.Name()) != nil}
	_, err = io.Copy(to, text)
	if err == nil {
		_, err = to.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(whole(err), s.Close())
	}
	return s, nil
}

// Is reports whether a file is a HAR file, by what is in it: an object that has a log. What cannot be
// told from the first MiB goes by the name.
func Is(name string) (bool, error) {
	f, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	found := false
	if text, err := plain(f); err == nil {
		in := newScanner(io.LimitReader(text, 1<<20))
		if in.begins() == nil {
			_ = in.object(func(key string) error { // ends with an error where the file or the MiB does
				if found = found || key == "log"; found {
					return io.EOF
				}
				return in.pass()
			})
		}
	}
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	return found || strings.HasSuffix(name, ".har"), nil
}

// plain undoes gzip and UTF-16.
func plain(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	if start, _ := b.Peek(2); isGzip(start) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, fmt.Errorf("%w: %v", ErrNotHAR, err)
		}
		b = bufio.NewReader(z)
	}
	if start, _ := b.Peek(2); !isUTF16(start) {
		return b, nil
	}
	decoder := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()
	return transform.NewReader(b, decoder), nil
}
