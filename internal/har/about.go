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
	var details []string
	if a.Browser != "" {
		details = append(details, a.Browser)
	}
	if a.Creator != "" && a.Creator != a.Browser {
		details = append(details, a.Creator)
	}
	details = append(details, a.Pages[:min(len(a.Pages), 1)]...)
	if len(details) == 0 {
		return fmt.Sprintf("recording %s", file)
	}
	return fmt.Sprintf("recording %s of %s", file, strings.Join(details, ", "))
}

// notes are sentences.
type notes []string

// tell adds a sentence if there is something to tell.
func (n *notes) tell(about int, format string, args ...any) {
	if about > 0 {
		*n = append(*n, fmt.Sprintf(format, args...))
	}
}

// Notes are sentences on what of the recording was used, what was not, and what cannot be known.
func (r *Recording) Notes() []string {
	var n notes
	a := &r.About
	n.tell(a.Used, "Exchanges of the chat: %d, of %s in the recording. All times are those of the browser's clock.", a.Used, plural(a.Entries, "request"))
	n.tell(a.Elsewhere, "Passed over, because they are no chat: %s, of %s.", plural(a.Elsewhere, "request"), list(a.Others))
	n.tell(a.Preflights, "Passed over, because the browser makes them by itself: %s (OPTIONS).", plural(a.Preflights, "preflight"))
	n.tell(a.Twins, "Passed over, because the page's service worker repeats them: %s of the chat.", plural(a.Twins, "request"))
	n.tell(a.Timeless, "Passed over, because they were never sent: %s of the chat.", plural(a.Timeless, "request"))
	n.tell(len(a.Unjudged), "Calls of the chat that no rule is about: %s.", list(a.Unjudged))
	n.tell(len(a.Hosts)-1, "The chat was with several hosts: %s. --host leaves only one.", strings.Join(a.Hosts, ", "))
	n.tell(len(r.Customers)-1, "Several users or tabs were told apart: %s.", r.customers())
	n.tell(len(a.Midway), "The recording begins in the middle of a conversation (customer %s): begin to record before the page is opened.", numbers(a.Midway))
	n.tell(a.Missing, "Not in the recording: the body of %s. What depends on it is not known.", plural(a.Missing, "answer"))
	n.tell(a.Undone, "Not in the recording: the body of %s. What was said is not known.", plural(a.Undone, "send call"))
	n.tell(a.Cached, "Out of the browser's cache and not from the tenant: %s.", plural(a.Cached, "answer"))
	if !r.bearers {
		n.tell(1, "No request carries an application token: the site's own server adds it, or the recording was saved without sensitive data. That is not judged.")
	}
	return n
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

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
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
