package aicc

import (
	"errors"
	"testing"
)

func TestParseAppToken(t *testing.T) {
	tests := []struct {
		name, body string
		want       AppToken
		err        error
	}{
		{"as documented", `{"AccessToken":"at-1","ApplyType":"Bearer","CreateTime":"1760000000","Expires":"600","Scope":"*"}`,
			AppToken{"at-1", "Bearer", 600}, nil},
		{"life as a number", `{"AccessToken":"at-1","Expires":600}`, AppToken{"at-1", "", 600}, nil},
		{"no life", `{"AccessToken":"at-1"}`, AppToken{Token: "at-1"}, nil},
		{"a refusal with 200", `{"resultCode":"401","resultDesc":"no"}`, AppToken{}, ErrBadShape},
		{"null token", `{"AccessToken":null}`, AppToken{}, ErrBadShape},
		{"a token that is an object", `{"AccessToken":{}}`, AppToken{}, ErrBadShape},
		{"an array", `[]`, AppToken{}, ErrBadShape},
		{"not UTF-8", "{\"AccessToken\":\"caf\xe9\"}", AppToken{}, ErrBadShape},
		{"not JSON", `denied`, AppToken{}, ErrNotJSON},
		{"nothing", ``, AppToken{}, ErrNotJSON},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseAppToken([]byte(test.body))
			if got != test.want || !errors.Is(err, test.err) {
				t.Errorf("got %+v, %v, want %+v, %v\n%s", got, err, test.want, test.err, test.body)
			}
		})
	}
}

func TestParseUserToken(t *testing.T) {
	const token = "eyJ0ZW5hbnRJZCI6MX0%3D"
	tests := []struct {
		name, body, token, code string
		err                     error
	}{
		{"as documented", `{"token":"` + token + `","resultCode":"0"}`, token, "0", nil},
		{"code as number", `{"token":"` + token + `","resultCode":0}`, token, "0", nil},
		{"without a code", `{"token":"` + token + `"}`, token, "0", nil},
		{"bare, a JSON text", `"` + token + `"`, token, "0", nil},
		{"bare, raw", token + "\n", token, "0", nil},
		{"refused", `{"resultCode":"1","resultDesc":"channel"}`, "", "1", nil},
		{"refused with a null token", `{"token":null,"resultCode":"1"}`, "", "1", nil},
		{"an empty object", `{}`, "", "", ErrNoCode},
		{"a token that is an object", `{"token":{},"resultCode":"0"}`, "", "", ErrBadShape},
		{"an array", `["` + token + `"]`, "", "", ErrBadShape},
		{"not UTF-8", "{\"token\":\"caf\xe9\",\"resultCode\":\"0\"}", "", "", ErrBadShape},
		{"too short for a raw token", `denied`, "", "", ErrNotJSON},
		{"a sentence", `access was denied`, "", "", ErrNotJSON},
		{"a text that is cut off", `"` + token, "", "", ErrNotJSON},
		{"an HTML page", `<html></html>`, "", "", ErrNotJSON},
		{"nothing", ` `, "", "", ErrNotJSON},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			token, code, err := ParseUserToken([]byte(test.body))
			if token != test.token || code != test.code || !errors.Is(err, test.err) {
				t.Errorf("got %q, %q, %v, want %q, %q, %v\n%s", token, code, err, test.token, test.code, test.err, test.body)
			}
		})
	}
}
