package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page's template, style and scripts
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"chatbench/internal/lang"
	"chatbench/internal/result"
)

// The parts of a page. uPlot draws the charts; page/fetch.sh says where it is from.
var (
	//go:embed page/page.html
	pageTemplate string
	//go:embed page/page.css
	pageStyle string
	//go:embed page/charts.js
	pageScript string
	//go:embed page/uPlot.iife.min.js
	uplotScript string
	//go:embed page/uPlot.min.css
	uplotStyle string
	//go:embed page/uPlot.LICENSE
	uplotLicence string
)

// HTML writes a result as one page that needs nothing else: style, scripts and figures are in it, and
// its content security policy forbids it to load anything. It holds English and Chinese and opens in
// the language of first; a nil first is English. Tables can be read without JavaScript, charts need
// it. Texts that came from a tenant stay texts, lists are cut off and counted where they are endless,
// so that the page of the longest run stays below 2 MB. The error is that of w.
func HTML(w io.Writer, r *result.Result, first *lang.Printer) error {
	p, err := newPage(first)
	if err != nil {
		return err
	}
	p.title = p.say("chatbench: %s, %s", p.verdictWord(r.Verdict), p.shortly(r.Scenario.Name))
	p.subject = p.runSubject(r)
	p.drawResult(r)
	return p.writeTo(w)
}

// page is a page in the making.
type page struct {
	zh       *lang.Printer
	first    string // the language it opens in
	template *template.Template
	left     int // bytes that long lists may still take

	title, subject words
	source         string // the file that everything is from
	sections       []section
	data           pageData
	err            error // of the template, which is ours: a test would show it
}

// section is a chapter with its place in the contents.
type section struct {
	ID    string
	Title words
	Tag   template.HTML // behind the title in the contents, such as a count of what is broken
	Body  template.HTML
}

// roomForLists is how many bytes of witnesses a page takes before it counts the rest.
const roomForLists = 700_000

func newPage(first *lang.Printer) (*page, error) {
	zh, err := lang.For("zh")
	if err != nil {
		return nil, err
	}
	p := &page{zh: zh, first: first.Code(), left: roomForLists, source: result.FileName}
	p.data.Lang = p.first
	p.template, err = template.New("page").Funcs(template.FuncMap{
		"t":   func(text string) template.HTML { return p.tell(text).html() },
		"say": words.html,
	}).Parse(pageTemplate)
	return p, err
}

// part renders one of the templates.
func (p *page) part(name string, model any) template.HTML {
	var b strings.Builder
	if err := p.template.ExecuteTemplate(&b, name, model); err != nil && p.err == nil {
		p.err = err
	}
	return template.HTML(b.String())
}

// add appends a section made of parts; one without any is left out.
func (p *page) add(id string, title words, parts ...template.HTML) {
	body := template.HTML("")
	for _, part := range parts {
		body += part
	}
	if body != "" {
		p.sections = append(p.sections, section{ID: id, Title: title, Body: body})
	}
}

// tag marks the last section in the contents.
func (p *page) tag(body template.HTML) { p.sections[len(p.sections)-1].Tag = body }

func (p *page) paragraph(class string, text words) template.HTML {
	return p.part("paragraph", struct {
		Class string
		Text  words
	}{class, text})
}

func (p *page) heading(text words) template.HTML { return p.part("heading", text) }

// details is something to be opened.
func (p *page) details(summary words, body template.HTML) template.HTML {
	if body == "" {
		return ""
	}
	return p.part("details", struct {
		Open    bool
		Summary words
		Body    template.HTML
	}{false, summary, body})
}

// writeTo puts the page together. Everything is in it, so that the policy can forbid the rest: of
// scripts and styles it allows those whose hash it names.
func (p *page) writeTo(w io.Writer) error {
	style := uplotStyle + "\n" + pageStyle
	script := "/*! uPlot\n" + uplotLicence + "*/\n" + uplotScript + "\n" + pageScript
	p.data.Words = p.chartWords()
	var b bytes.Buffer
	err := p.template.ExecuteTemplate(&b, "page", map[string]any{
		"Lang": p.first, "Code": htmlLang[p.first],
		"Policy": fmt.Sprintf("default-src 'none'; script-src '%s'; style-src '%s'; img-src data:; base-uri 'none'; form-action 'none'",
			sourceHash(script), sourceHash(style)),
		"Title": p.title, "Subject": p.subject, "Sections": p.sections,
		"Foot":  p.say("Made by chatbench. Every figure of this page is from one file, %s; docs/reports.md says what each part shows.", p.name(p.source)),
		"Style": template.CSS(style), "Script": template.JS(script), "Data": p.data,
	})
	if p.err != nil {
		err = p.err
	}
	if err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// sourceHash names an inline script or style in a content security policy
// (https://www.w3.org/TR/CSP3/, section 2.3.1).
func sourceHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
