package scenario

// peer is what the other side of the conversations is known never to do, as sentences; "" where
// it may.
type peer struct {
	noRobot, noAgent, noHangUp, noImage, noAudio, noVideo string
}

// peerOfTarget derives it from the target section, if there is one.
func peerOfTarget(t *Target) peer {
	if t != nil && t.Robot != nil && !*t.Robot {
		return peer{noRobot: "target.robot says that there is no robot"}
	}
	return peer{}
}

// peerOfTenant derives it from the embedded tenant's set-up.
func peerOfTenant(t Tenant) peer {
	var p peer
	if t.Robot == nil {
		p.noRobot = "the embedded tenant has no robot (tenant.robot: false)"
	}
	if t.Agents.Count == 0 || t.Hours.Never {
		p.noAgent = "the embedded tenant has no agents (tenant.agents.count, tenant.hours)"
	}
	if (p.noAgent != "" || t.Agents.Chats == [2]int{}) && t.SilenceAfter == 0 && t.Queue.MaxWait == 0 {
		p.noHangUp = "the embedded tenant never hangs up (set tenant.agents.chats, tenant.silence_after or tenant.queue.max_wait)"
	}
	absent := func(share float64, word string) string {
		if share > 0 || p.noAgent != "" {
			return p.noAgent
		}
		return "the agents of the embedded tenant never send this (set tenant.agents.media." + word + ")"
	}
	p.noImage = absent(t.Agents.Media.Image, "image")
	p.noAudio = absent(t.Agents.Media.Audio, "audio")
	p.noVideo = absent(t.Agents.Media.Video, "video")
	return p
}

// never says why e cannot be met, or "".
func (p peer) never(e Expect) string {
	switch {
	case e.From == "ROBOT" && p.noRobot != "":
		return p.noRobot
	case e.From == "AGENT" && p.noAgent != "":
		return p.noAgent
	case e.Disconnect:
		return p.noHangUp
	}
	switch e.Media {
	case "IMAGE":
		return p.noImage
	case "AUDIO":
		return p.noAudio
	case "VIDEO":
		return p.noVideo
	}
	return ""
}
