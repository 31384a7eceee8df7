package tenant

import (
	"io/fs"
	"path"
	"strings"

	"chatbench/internal/http1"
)

// PageSetupPath answers a PageSetup, if there is a page.
const PageSetupPath = "/chatbench/page.json"

// PageSetup is what the page needs to get tokens. A web client of a real tenant must never have the
// secret: there a server of its own gets the application's token.
type PageSetup struct {
	Channel   string `json:"channel"`
	AppKey    string `json:"appKey"`
	AppSecret string `json:"appSecret"`
}

// pageTypes are the content types of the page's files, by suffix.
var pageTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
}

// pagePolicy lets the page load what this tenant serves and show files that it made itself, and nothing
// else: a text that became an element after all could neither run nor load anything.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data: blob:; media-src blob:; " +
	"form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// pageFile answers a file of the page and reports whether there is one.
func (t *Tenant) pageFile(x *http1.Exchange) bool {
	if t.opt.Page == nil {
		return false
	}
	if string(x.Path) == PageSetupPath {
		x.AddHeader("Cache-Control", "no-store")
		return writeJSON(x, PageSetup{Channel: t.cfg.Channel, AppKey: t.cfg.AppKey, AppSecret: t.cfg.AppSecret})
	}
	name := strings.TrimPrefix(string(x.Path), "/")
	if name == "" {
		name = "index.html"
	}
	content, err := fs.ReadFile(t.opt.Page, name)
	kind := pageTypes[path.Ext(name)]
	if err != nil || kind == "" {
		return false
	}
	x.ContentType = kind
	x.AddHeader("Content-Security-Policy", pagePolicy)
	x.AddHeader("X-Content-Type-Options", "nosniff")
	x.AddHeader("Referrer-Policy", "no-referrer")
	x.AddHeader("Cache-Control", "no-store") // the next tenant at this address may be another version
	x.Body = append(x.Body, content...)
	return true
}
