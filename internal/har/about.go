package har

import (
	"fmt"
	"strings"
)

// URL is the address of the chat as a result tells it, of the host that was asked most.
func (a *About) URL() string {
	if len(a.Hosts) == 0 {
		return ""
	}
	return "https://" + a.Hosts[0] + a.Prefixes[0]
}

// Note says what the recording is.
func (a *About) Note(file string) string {
	by := a.Creator
	if a.Browser != "" && a.Browser != a.Creator {
		by = strings.TrimPrefix(a.Browser+", "+a.Creator, ", ")
	}
	note := "recording " + file
	if by != "" {
		note += " by " + by
	}
	if len(a.Pages) > 0 {
		note += " of " + a.Pages[0]
	}
	return note
}

// Notes are sentences on what of the recording was used and what not.
func (a *About) Notes() []string {
	notes := []string{fmt.Sprintf("Of the %d entries of the recording %d are exchanges of the chat and were judged; all times are those of the browser's clock.", a.Entries, a.Used)}
	return notes
}
