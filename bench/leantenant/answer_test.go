package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"chatbench/internal/aicc"
)

func TestReadRequest(t *testing.T) {
	poll := string((&aicc.Target{Host: "h"}).AppendPoll(nil, aicc.Auth{User: "u"}, "u1", false))
	send := string((&aicc.Target{Host: "h"}).AppendSend(nil, aicc.Auth{User: "u"}, &aicc.Send{Control: aicc.Chat, Content: "hello"}))
	tests := []struct {
		why, data, path string
		size            int
		err             error
	}{
		{"a poll, its query left out", poll, aicc.PathPoll, len(poll), nil},
		{"the first of two", poll + poll, aicc.PathPoll, len(poll), nil},
		{"half a head", poll[:len(poll)-2], "", 0, nil},
		{"a send, with its body", send, aicc.PathSend, len(send), nil},
		{"the body has not come whole", send[:len(send)-1], "", 0, nil},
		{"a post without a body", "POST /x HTTP/1.1\r\n\r\n", "/x", 20, nil},
		{"the name of a header in another case", "POST /x HTTP/1.1\r\nCONTENT-LENGTH: 2\r\n\r\n{}", "/x", 41, nil},
		{"a length that is none", "POST /x HTTP/1.1\r\nContent-Length: -2\r\n\r\n{}", "", 0, errNoRequest},
		{"a body that nobody sends here", "POST /x HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n{}", "", 0, errNoRequest},
		{"another protocol", "hello\r\n\r\n", "", 0, errNoRequest},
	}
	for _, tt := range tests {
		got, err := readRequest([]byte(tt.data))
		if string(got.path) != tt.path || got.size != tt.size || !errors.Is(err, tt.err) {
			t.Errorf("%s: got path %q, size %d, error %v; want %q, %d, %v, from %q", tt.why, got.path, got.size, err, tt.path, tt.size, tt.err, tt.data)
		}
	}
}

func FuzzReadRequest(f *testing.F) {
	for _, seed := range []string{"GET /a?b HTTP/1.1\r\n\r\n", "POST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", " \r\n\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := readRequest(data); r.size < 0 || r.size > len(data) || err != nil && r.size != 0 {
			t.Errorf("size %d of %d bytes, error %v, from %q", r.size, len(data), err, data)
		}
	})
}

// parsed reads an answer as net/http does.
func parsed(t *testing.T, answer []byte) (int, []byte) {
	t.Helper()
	buffer := bufio.NewReader(bytes.NewReader(answer))
	response, err := http.ReadResponse(buffer, nil)
	if err != nil {
		t.Fatalf("%v, in %q", err, answer)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || buffer.Buffered() > 0 {
		t.Fatalf("error %v, %d bytes too many, in %q", err, buffer.Buffered(), answer)
	}
	return response.StatusCode, body
}

func TestAnswersAreReadByTheCustomer(t *testing.T) {
	a := newAnswers(time.Unix(1_760_000_000, 0))
	tests := []struct {
		op     aicc.Op
		path   string
		status int
		want   string // somewhere in the body
	}{
		{aicc.OpToken, aicc.PathToken, 200, `"CreateTime":"1760000000"`},
		{aicc.OpApply, aicc.PathApply, 200, `"token":`},
		{aicc.OpConnect, aicc.PathSend, 200, `"resultCode":"0"`},
		{aicc.OpSupport, aicc.PathSupport, 404, "{}"},
	}
	for _, tt := range tests {
		status, body := parsed(t, a.to([]byte(tt.path)))
		if status != tt.status || !strings.Contains(string(body), tt.want) {
			t.Errorf("%v: got %d %s, want %d with %s", tt.op, status, body, tt.status, tt.want)
		}
	}
}

func TestPollsDifferInTheirNumberOnly(t *testing.T) {
	a := newAnswers(time.Now())
	length := len(a.nextPoll())
	for range 98 {
		a.nextPoll()
	}
	status, body := parsed(t, a.nextPoll())
	if status != 200 || !strings.Contains(string(body), "help? 0000000100\"") || len(a.poll) != length {
		t.Errorf("the 100th poll: %d %s, %d bytes; want number 100 in %d bytes", status, body, len(a.poll), length)
	}
	copy(a.digits, "9999999999")
	if _, body = parsed(t, a.nextPoll()); !strings.Contains(string(body), "help? 0000000000\"") {
		t.Errorf("behind the last number: %s, want number 0", body)
	}
}
