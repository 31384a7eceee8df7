package main

import (
	"context"
	"fmt"
	"time"
)

// plan lists the turns of a round, and says what was left out for want of descriptors.
func (s *settings) plan(there []client, descriptors int) (turns []turn, notes []string) {
	clients := map[string][]client{
		"closed": append([]client{raw(), tool("none"), tool("all")}, there...),
		"paced":  append([]client{raw(), tool("none")}, there...),
		"flat":   {raw(), tool("none")},
		"steady": {raw(), tool("none")},
		"scale":  {raw(), tool("none")},
	}
	for _, l := range s.loads() {
		if need := 2*l.connections + spare; need > descriptors {
			notes = append(notes, fmt.Sprintf("%d customers (%s) were left out: they need %d descriptors, and a process may have %d (ulimit -Hn).",
				l.connections, l.part, need, descriptors))
			continue
		}
		for _, c := range clients[l.part] {
			turns = append(turns, pollTurn(c, l))
		}
	}
	if s.plays("talk") {
		able, _ := installed(talkers())
		for _, n := range s.talking {
			for _, who := range able {
				turns = append(turns, talkTurn(who, newCrowd(n)))
			}
		}
	}
	if s.plays("tls") {
		turns = append(turns, helloTurn(), secureTurn(false, s.secure, s.window), secureTurn(true, s.secure, s.window))
	}
	return turns, notes
}

// spare is what a process needs of descriptors beside two for each customer.
const spare = 64

// loads are those of all parts that poll the lean tenant.
func (s *settings) loads() []load {
	var list []load
	if s.plays("closed") {
		list = append(list, load{part: "closed", connections: s.closed, ramp: 500 * time.Millisecond, settle: 500 * time.Millisecond, window: s.window})
	}
	paced := func(part string, customers []int) {
		for _, n := range customers {
			list = append(list, pacedLoad(part, n, time.Second, s.window))
		}
	}
	if s.plays("paced") {
		paced("paced", []int{s.paced})
	}
	if s.plays("flat") {
		paced("flat", s.flat)
		for _, n := range s.flat {
			list = append(list, pacedLoad("steady", n, time.Duration(n)*time.Second/time.Duration(s.steady), s.window))
		}
	}
	if s.plays("scale") {
		paced("scale", s.scale)
	}
	return list
}

// pacedLoad lets customers come within whole periods, so that their polls are spread evenly over
// each, and not more than 1,000 a second: to bring one in costs as much as twenty polls, and what is
// asked is what customers cost who are there. They are when their second connection is open: with
// the first poll, a period after CONNECT.
func pacedLoad(part string, customers int, every, window time.Duration) load {
	const perSecond = 1000
	atLeast := time.Duration(1+(customers-1)/perSecond) * time.Second
	ramp := (atLeast + every - 1) / every * every
	return load{part: part, connections: customers, every: every, ramp: ramp, settle: every + time.Second, window: window}
}

func pollTurn(c client, l load) turn {
	return turn{fmt.Sprintf("%s, %s with %d", c.name, l.part, l.connections), func(ctx context.Context, b *book) error {
		j := b.where
		j.load = l
		o, err := measure(ctx, c, j)
		if err != nil {
			return err
		}
		file := ""
		if c.name == tool("none").name && len(b.files) == 0 {
			file = "polls.yaml of the first line of chatbench:\n\n" + pollScenario(l)
		}
		b.wrote(o.command, file)
		b.outcomes = append(b.outcomes, *o)
		return nil
	}}
}

func talkTurn(who talker, c crowd) turn {
	return turn{fmt.Sprintf("%s, talk with %d", who.name, c.customers), func(ctx context.Context, b *book) error {
		t, err := converse(ctx, b.where, who, c)
		if err != nil {
			return err
		}
		b.talks = append(b.talks, *t)
		b.wrote(t.tenantCommand, "")
		file := ""
		if len(b.talks) == 1 {
			file = "scenario.yaml of talk, with the first of its loads:\n\n" + c.scenario()
		}
		b.wrote(t.command, file)
		return nil
	}}
}
