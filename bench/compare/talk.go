package main

import (
	"context"
	_ "embed" // the scenario and the script
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

//go:embed talk.yaml
var talkScenario string

//go:embed k6_talk.js
var k6TalkScript []byte

// What the embedded tenant lets in unless it is told otherwise.
const (
	channel   = "2025010112345678"
	appKey    = "chatbench"
	appSecret = "embedded-tenant"
)

// crowd is who comes to talk, each once.
type crowd struct {
	customers int
	spread    time.Duration // in which they come
	pause     time.Duration // between an answer and the next poll
}

// newCrowd lets 200 come in a second: more need more ports than there are. The pause is that of the
// demo client while all together make no more polls than a machine with two processors can carry,
// and else a second.
func newCrowd(customers int) crowd {
	c := crowd{customers: customers, spread: time.Duration(1+(customers-1)/200) * time.Second, pause: 100 * time.Millisecond}
	if customers > 300 {
		c.pause = time.Second
	}
	return c
}

// scenario is what chatbench plays.
func (c crowd) scenario() string {
	perMinute := float64(c.customers) / c.spread.Minutes()
	return talkScenario + fmt.Sprintf("max_customers: 5000\nload: {arrivals: %.0f/min, for: %v}\npoll: {pause: %v, jitter: 10ms}\n", perMinute, c.spread, c.pause)
}

// limit is when a run is given up.
func (c crowd) limit() time.Duration { return c.spread + 90*time.Second }

// talk is one run of whole conversations against the embedded tenant in another process.
type talk struct {
	spent
	crowd                           crowd
	client                          string
	conversations, exchanges, polls float64
	command, tenantCommand          []string
}

// talker is a client that can hold conversations.
type talker struct {
	name    string
	program string // on the PATH; empty: it was built here
	command func(e *embedded, c crowd) (program, error)
	read    func(e *embedded, stdout []byte) (*talk, error)
}

func (t talker) needs() string { return t.program }

func talkers() []talker {
	return []talker{
		{name: "chatbench", command: func(e *embedded, c crowd) (program, error) {
			return program{args: e.run(e.url()), limit: c.limit()}, nil
		}, read: func(_ *embedded, stdout []byte) (*talk, error) { return readTalk(stdout) }},
		{name: "k6", program: "k6", command: k6Talk, read: func(e *embedded, _ []byte) (*talk, error) {
			return readK6Talk(filepath.Join(e.dir, "k6.json"))
		}},
	}
}

// k6Talk leaves out what k6 takes to make its users: they come once, and would carry all of it.
func k6Talk(e *embedded, c crowd) (program, error) {
	script := filepath.Join(e.dir, "k6_talk.js")
	environ := []string{"TARGET=" + e.url(), "CHANNEL=" + channel, "KEY=" + appKey, "SECRET=" + appSecret, "USERS=" + strconv.Itoa(c.customers),
		"SPREAD=" + decimal(c.spread), "PAUSE=" + decimal(c.pause), "K6_NO_USAGE_REPORT=true"}
	return program{args: k6Run(e.dir, script), environ: environ, begins: "talk begins", limit: c.limit()}, os.WriteFile(script, k6TalkScript, 0o600)
}

// converse lets a crowd talk, by way of one client.
func converse(ctx context.Context, j job, who talker, c crowd) (t *talk, err error) {
	e, err := startEmbedded(ctx, j, c.scenario())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.end()) }()
	p, err := who.command(e, c)
	if err != nil {
		return nil, err
	}
	used, err := e.play(ctx, p)
	if err != nil {
		return nil, err
	}
	t, err = who.read(e, used.said)
	if err != nil {
		return nil, err
	}
	t.spent, t.crowd, t.client, t.command, t.tenantCommand = *used, c, who.name, slices.Concat(p.environ, p.args), e.tenant.cmd.Args
	return t, nil
}

// readTalk takes the counts from a result.
func readTalk(data []byte) (*talk, error) {
	r, err := decode(data)
	if err != nil {
		return nil, err
	}
	all := r.Metrics.All()
	exchanges := all.Counters.AllExchanges()
	t := &talk{conversations: float64(all.Counters.Begun()), exchanges: float64(exchanges.OK), polls: float64(all.Hist("poll.service").Count())}
	if missed := all.Counters.Expectations(); missed.Missed > 0 {
		return nil, fmt.Errorf("%d expectations were missed", missed.Missed)
	}
	return t.check()
}

// readK6Talk takes the counts from the summary of k6.
func readK6Talk(file string) (*talk, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	m, err := k6Metrics(data)
	if err != nil {
		return nil, err
	}
	t := &talk{conversations: m["conversations"]["count"], exchanges: m["http_reqs"]["count"], polls: m["polls"]["count"]}
	if m["wrong"]["count"] > 0 || m["http_req_failed"]["passes"] > 0 || m["pictures"]["count"] != t.conversations {
		return nil, fmt.Errorf("of %.0f conversations with %.0f pictures, something was wrong in %.0f", t.conversations, m["pictures"]["count"], m["wrong"]["count"])
	}
	return t.check()
}

func (t *talk) check() (*talk, error) {
	if t.conversations == 0 {
		return nil, errors.New("there was no conversation")
	}
	return t, nil
}
