// Package page is the web page on which a person chats with the embedded tenant, to see what a customer
// sees. It is also the browser client on which recordings and the judging of clients are tested: it keeps
// to the demo flow (docs/protocol.md sections 4 and 6) and nothing in it is for tests only.
//
// The package holds the files; internal/tenant serves them (tenant.Options.Page). No framework, no build
// and no dependency is between what is here and what the browser runs.
package page

import (
	"embed"
	"io/fs"
)

//go:embed site
var site embed.FS

// Files are the page's files, of which index.html is the first to be shown. There are no folders in it.
func Files() fs.FS {
	files, err := fs.Sub(site, "site")
	if err != nil {
		panic("page: " + err.Error()) // the name is a valid one
	}
	return files
}
