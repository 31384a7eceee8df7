package doctor

import (
	"fmt"
	"net/http"

	"chatbench/internal/aicc"
	"chatbench/internal/caller"
)

// Life of an application token, in seconds: the pages ask for 600 and allow an hour.
const (
	askedLife = 600
	mostLife  = 3600
	shortLife = 60
)

// key asks for an application token: the only call that carries the secret.
func (w *walk) key() finding {
	a := w.client.ApplicationToken(w.ctx, askedLife)
	w.clock.note(w.client.Start, &a)
	if a.OK() {
		grant := a.Grant()
		w.u.App, w.talk.life = grant.Token, grant
		w.clock.created(w.client.Start, &a)
		return right(d("E01"), "tokenByAkSk gave a token")
	}
	if f, bad := w.notAICC(&a); bad {
		return f
	}
	switch a.Status {
	case 0:
		w.lose(a.Err)
		return unsure(u("E01"), "tokenByAkSk: %s", a.Words())
	case http.StatusUnauthorized, http.StatusForbidden:
		return wrong(u("E01"), "tokenByAkSk was refused: %s", w.told(&a)).
			advise("the key or the secret is wrong, or the application is disabled; which of them the vendor's pages do not let one tell: compare both with what the vendor's operations staff sent, letter by letter", keyPage())
	case http.StatusNotFound:
		return wrong(d("2.4"), "HTTP 404: there is no %s%s", aicc.PathToken, w.server(&a)).advise(noPath, nil)
	case http.StatusBadRequest:
		return wrong(d("2.4"), "tokenByAkSk was refused: %s", w.told(&a)).advise("look whether key and secret are complete and without blanks", keyPage())
	case http.StatusOK:
		return wrong(u("E01"), "tokenByAkSk gave no token: %s", w.orShape(&a)).
			advise("look whether the key belongs to this installation, and whether the address is the one of the interface", keyPage())
	}
	return wrong(d("2.4"), "tokenByAkSk was refused: %s", w.told(&a)).advise("look at what answers at this address", keyPage())
}

// told is how a call was refused, with the tenant's own words if it has some.
func (w *walk) told(a *caller.Answer) string {
	words := a.Words()
	if answer, err := aicc.ParseAnswer(a.Body); (err == nil || answer.Code != "") && answer.Desc != "" {
		words += ", " + w.quoted(answer.Desc)
	}
	return words
}

// orShape is what is wrong with an answer of status 200.
func (w *walk) orShape(a *caller.Answer) string {
	if a.Shape != "" {
		return a.Shape
	}
	return w.told(a)
}

func (w *walk) life() finding {
	g := w.talk.life
	switch {
	case g.Expires == 0:
		return warn(d("E01"), "Expires is missing; %d s were asked for", askedLife).advise("clients then have to wait for a 401 to know that a token has ended", keyPage())
	case g.Expires > mostLife:
		return warn(d("2.3"), "%d s, and no more than %d are documented", g.Expires, mostLife).advise("do not lean on it", keyPage())
	case g.Expires < shortLife:
		return warn(u("2.3"), "%d s, of %d that were asked for: clients have to ask again and again", g.Expires, askedLife).advise("ask the vendor's operations staff why tokens live so short", keyPage())
	case g.Expires != askedLife:
		return right(d("2.3"), "%d s, of %d that were asked for", g.Expires, askedLife)
	}
	return right(d("2.3"), "%d s, as asked for", g.Expires)
}

// channel asks for a user token, which names the channel.
func (w *walk) channel() finding {
	a := w.u.Apply(w.ctx)
	w.clock.note(w.client.Start, &a)
	const hint = "take the configuration id of the web channel (not its access code), and look whether the channel is there, switched on, and of the tenant that the application key belongs to"
	switch {
	case a.OK():
		return right(d("E02"), "applyToken gave a user token for channel %s", w.Target.Channel)
	case a.Status == 0:
		w.lose(a.Err)
		return unsure(u("E02"), "applyToken: %s", a.Words())
	case a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden:
		return wrong(u("E02"), "applyToken was refused, with a token that is new: %s", w.told(&a)).
			advise("the application may ask for tokens and not for this interface: ask the vendor's operations staff to let it", keyPage())
	case a.Status == http.StatusOK && a.Code != "":
		return wrong(d("E02"), "applyToken gave no token for channel %s: %s", w.Target.Channel, w.told(&a)).advise(hint, channelPage("渠道接入编码"))
	case a.Status == http.StatusOK:
		return wrong(d("E02"), "applyToken gave no token: %s", w.orShape(&a)).advise("look at what answers at this address", nil)
	}
	return wrong(d("2.4"), "applyToken was refused: %s", w.told(&a)).advise(hint, channelPage("渠道接入编码"))
}

// refused is the finding of a call that was not answered as it should have been.
func (w *walk) refused(b Basis, a *caller.Answer) finding {
	if a.Status == 0 {
		return unsure(u(""), "%s: %s", a.Ask, a.Words())
	}
	return wrong(b, "%s was refused: %s", a.Ask, w.orShape(a))
}

// meaning adds what a documented code means.
func meaning(f finding, a *caller.Answer, codes map[string]string) finding {
	if m := codes[a.Code]; m != "" && a.Status == http.StatusOK {
		f.saw = fmt.Sprintf("%s: %s", f.saw, m)
	}
	return f
}
