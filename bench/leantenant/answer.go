package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"

	"chatbench/internal/aicc"
)

// markPath is where the figures are asked for and begin anew.
const markPath = "/mark"

// maxRequest is the largest request in bytes.
const maxRequest = 64 << 10

var errNoRequest = errors.New("not a request")

var (
	headEnd       = []byte("\r\n\r\n")
	contentLength = []byte("content-length")
)

// request is what decides the answer.
type request struct {
	path []byte // without the query
	body []byte
	size int // of the whole request in bytes; 0: not complete yet
}

// readRequest looks at the first request in data. The error is errNoRequest.
func readRequest(data []byte) (request, error) {
	end := bytes.Index(data, headEnd)
	if end < 0 {
		return request{}, nil
	}
	head := data[:end]
	method, rest, ok := bytes.Cut(head, []byte(" "))
	target, _, spaced := bytes.Cut(rest, []byte(" "))
	if !ok || !spaced {
		return request{}, errNoRequest
	}
	path, _, _ := bytes.Cut(target, []byte("?"))
	begin := end + len(headEnd)
	size := begin
	if string(method) != "GET" {
		body, err := bodyLength(head)
		if err != nil {
			return request{}, err
		}
		size += body
	}
	if size > len(data) {
		return request{}, nil
	}
	return request{path, data[begin:size], size}, nil
}

// bodyLength is the Content-Length, 0 when there is none. Chunked requests are not understood.
func bodyLength(head []byte) (int, error) {
	for line := range bytes.Lines(head) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || !bytes.EqualFold(name, contentLength) {
			continue
		}
		n, err := strconv.Atoi(string(bytes.TrimSpace(value)))
		if err != nil || n < 0 || n > maxRequest {
			return 0, errNoRequest
		}
		return n, nil
	}
	return 0, nil
}

// answers are the bytes that go out.
type answers struct {
	poll   []byte
	digits []byte // in poll: the number of the message
	byPath map[string][]byte
	none   []byte
}

// newAnswers writes them. Tokens are of now and live for ten minutes, as chatbench asks for.
func newAnswers(now time.Time) *answers {
	const number = "0000000000"
	poll := answer("200 OK", `{"resultCode":"0","resultDesc":"ok","downlinkMessages":[{"channel":"WEB","controlType":"CHAT",`+
		`"sourceType":"ROBOT","mediaType":"TEXT","content":"Hello, how can I help? `+number+`","senderNickname":"robot"}]}`)
	at := bytes.Index(poll, []byte(number))
	return &answers{
		poll: poll, digits: poll[at : at+len(number)],
		byPath: map[string][]byte{
			aicc.PathToken: answer("200 OK", fmt.Sprintf(`{"AccessToken":"lean-access","ApplyType":"Bearer","CreateTime":"%d","Expires":"600"}`, now.Unix())),
			aicc.PathApply: answer("200 OK", `{"token":"lean-user","resultCode":"0"}`),
			aicc.PathSend:  answer("200 OK", `{"resultCode":"0","resultDesc":"ok"}`),
		},
		none: answer("404 Not Found", `{}`),
	}
}

func answer(status, body string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 %s\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
}

// nextPoll is the answer to a poll. Only its number differs from the one before: without it every
// message would be a copy of the last, and a checker would be busy saying so.
func (a *answers) nextPoll() []byte {
	for i := len(a.digits) - 1; i >= 0; i-- {
		if a.digits[i] < '9' {
			a.digits[i]++
			return a.poll
		}
		a.digits[i] = '0'
	}
	return a.poll
}

// to is the answer to a request.
func (a *answers) to(path []byte) []byte {
	if string(path) == aicc.PathPoll {
		return a.nextPoll()
	}
	if known, ok := a.byPath[string(path)]; ok {
		return known
	}
	return a.none
}
