package har

import (
	"fmt"
	"strings"
)

// URL is the address of the chat as a result tells it: of the host that was asked most.
func (a *About) URL() string {
	if len(a.Hosts) == 0 {
		return ""
	}
	return a.Scheme + "://" + a.Hosts[0] + a.Prefixes[0]
}

// Note says what the recording is: a file, by which program, of which page.
func (a *About) Note(file string) string {
	note := "recording " + file
	if a.Browser != "" {
		note += " of " + a.Browser
	}
	if a.Creator != "" && a.Creator != a.Browser {
		note += " by " + a.Creator
	}
	if len(a.Pages) > 0 {
		note += ", page " + a.Pages[0]
	}
	return note
}

// Notes are sentences on what of the recording was used, what was not, and what cannot be known.
func (r *Recording) Notes() []string {
	a := &r.About
	notes := []string{fmt.Sprintf("%d of the %d entries of the recording are exchanges of the chat. All times are those of the browser's clock.", a.Used, a.Entries)}
	tell := func(n int, format string, args ...any) {
		if n > 0 {
			notes = append(notes, fmt.Sprintf(format, args...))
		}
	}
	tell(a.Elsewhere, "Passed over, because they are no chat: %d entries, of %s.", a.Elsewhere, list(a.Others))
	tell(a.Preflights, "Passed over, because the browser makes them by itself: %d preflights (OPTIONS).", a.Preflights)
	tell(len(a.Unjudged), "Calls of the chat that no rule is about: %s.", list(a.Unjudged))
	tell(len(a.Hosts)-1, "The chat was with several hosts: %s. --host leaves only one.", strings.Join(a.Hosts, ", "))
	tell(len(r.Customers)-1, "Several users or tabs were told apart: %s.", r.customers())
	tell(len(a.Midway), "The recording begins in the middle of a conversation (customer %s): begin to record before the page is opened.", numbers(a.Midway))
	tell(a.Missing, "The bodies of %d answers are not in the recording: what depends on them is not known.", a.Missing)
	tell(a.Undone, "The bodies of %d calls of send are not in the recording: it is not known what they were.", a.Undone)
	tell(a.Cached, "%d answers came out of the browser's cache and not from the tenant.", a.Cached)
	if !r.bearers {
		notes = append(notes, "No request of the recording carries an application token: the site's own server adds it, or the recording was saved without sensitive data. Its absence is not judged.")
	}
	return notes
}

// maxTold is how many things of a kind a note names.
const maxTold = 6

func list(all []Count) string {
	var parts []string
	for i, c := range all {
		if i == maxTold {
			parts = append(parts, "...")
			break
		}
		parts = append(parts, fmt.Sprintf("%s (%d)", c.What, c.N))
	}
	return strings.Join(parts, ", ")
}

func numbers(all []int) string {
	text := fmt.Sprint(all[:min(len(all), maxTold)])
	return strings.ReplaceAll(strings.Trim(text, "[]"), " ", ", ")
}

// customers says who they are, the first of them.
func (r *Recording) customers() string {
	var parts []string
	for i, c := range r.Customers {
		if i == maxTold {
			parts = append(parts, "...")
			break
		}
		who := c.User
		if who == "" {
			who = "unknown"
		}
		part := fmt.Sprintf("customer %d is %s", i, who)
		if c.Page != "" {
			part += " on " + c.Page
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}
