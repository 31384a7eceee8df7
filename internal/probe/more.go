package probe

import (
	"context"
	"crypto/tls"
	"net/url"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/caller"
	"chatbench/internal/trace"
)

// playKeyword types the keyword to the robot.
func playKeyword(s *scene) {
	const name = "HND-22 hands over"
	switch {
	case s.Keyword == "":
		s.skip(name, trace.Lacking, "no keyword is known; --keyword names it")
		return
	case s.noAgents != "":
		s.why = s.noAgents
		return
	}
	u, ok := s.user()
	if !ok {
		return
	}
	if a := u.connect(aicc.PathSend, "hello"); !a.OK() {
		s.why = "CONNECT was refused: " + a.Words()
		return
	}
	u.greeted()
	if !u.has(func(m *aicc.Downlink) bool { return m.SourceType == aicc.FromRobot }) || u.has(caller.ByAgent) {
		s.skip(name, trace.Lacking, "no robot answered")
		return
	}
	n := len(u.Seen)
	a := u.say("CHAT of the keyword "+s.Keyword, s.Keyword)
	_, over := u.until(n, s.Patience, func(m *aicc.Downlink) bool {
		return m.SourceType == aicc.FromAgent || m.SourceType == aicc.FromSystem || m.Queueing()
	})
	if !over {
		q := u.queue("queryQueueInfo")
		over = q.OK() || q.Code == aicc.CodeWithAgent
	}
	u.tellCount(name, a, count(over), "")
}

// playAsync connects by sendAsync.
func playAsync(s *scene) {
	if s.mute {
		s.why = "nobody speaks after CONNECT by send either"
		return
	}
	u, ok := s.user()
	if !ok {
		return
	}
	a := u.connect(aicc.PathSendAsync, "hello")
	a.Ask = "CONNECT by sendAsync"
	s.tell("CON-25 answer", a)
	if !a.OK() {
		s.why = "CONNECT by sendAsync was not accepted"
		return
	}
	u.until(0, s.Patience, anything)
	if len(u.Seen) > 0 {
		s.tellCount("CON-25 follows", a, len(u.Seen), "")
		return
	}
	// sendAsync is answered 0 whatever comes of it, so send has to show that there is somebody.
	if b := u.connect(aicc.PathSend, "hello"); !b.OK() {
		s.why = "CONNECT by send was refused, too: " + b.Words()
		return
	}
	if _, ok := u.until(0, s.Patience, anything); !ok {
		s.why = "nothing follows CONNECT by send either"
		return
	}
	u.tellCount("CON-25 follows", a, 0, "")
}

func anything(*aicc.Downlink) bool { return true }

// playRelease leaves a conversation without polls for longer than the session time.
func playRelease(s *scene) {
	if s.SessionTime <= 0 {
		s.why = "it takes the tenant's session time, which --session-time gives"
		return
	}
	u, ok := s.user()
	if !ok {
		return
	}
	if a := u.connect(aicc.PathSend, "hello"); !a.OK() {
		s.why = "CONNECT was refused: " + a.Words()
		return
	}
	u.until(0, s.Patience, caller.Talk)
	s.pause(s.SessionTime + s.SessionTime/4 + 2*time.Second)
	_, text := u.text("sorry, I was away")
	s.tell("POL-25 released", u.say("CHAT after "+s.SessionTime.String()+" and more without a poll", text))
}

// playTLS offers a handshake that nobody should take.
func playTLS(s *scene) {
	const name = "TLS-21 TLS 1.1"
	u, err := url.Parse(s.Target.URL)
	if err != nil || u.Scheme != "https" {
		s.skip(name, trace.Lacking, "the target does not speak TLS")
		return
	}
	a := caller.Answer{Ask: "a handshake of TLS 1.1", Started: s.now()}
	taken, err := s.oldHandshake(u.Host)
	if err != nil {
		a.Err = err.Error()
	}
	s.tellCount(name, a, count(taken), "")
}

// oldHandshake reports whether the target takes a handshake that offers nothing newer than TLS 1.1.
// The error is about the connection. Nothing is sent over it, so nobody needs to look at the
// certificate.
func (p *prober) oldHandshake(address string) (taken bool, err error) {
	ctx, cancel := context.WithTimeout(p.ctx, caller.Timeout)
	defer cancel()
	conn, err := p.Transport.DialContext(ctx, "tcp", address)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	cfg := p.Transport.TLSClientConfig.Clone()
	cfg.MinVersion, cfg.MaxVersion, cfg.InsecureSkipVerify, cfg.ClientSessionCache = tls.VersionTLS10, tls.VersionTLS11, true, nil
	err = tls.Client(conn, cfg).HandshakeContext(ctx)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return err == nil, nil
}
