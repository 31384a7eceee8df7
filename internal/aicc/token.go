package aicc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// AppToken is the answer of tokenByAkSk.
type AppToken struct {
	Token   string
	Type    string // "Bearer"
	Expires int    // seconds; 0 when it was missing or not a number
}

// ParseAppToken reads the body of a 200 answer of tokenByAkSk, which has no result code.
func ParseAppToken(body []byte) (AppToken, error) {
	var w struct {
		AccessToken Loose
		ApplyType   Loose
		Expires     Loose
	}
	if err := unmarshal(body, &w); err != nil {
		return AppToken{}, err
	}
	if w.AccessToken == "" {
		return AppToken{}, fmt.Errorf("%w: AccessToken is missing", ErrBadShape)
	}
	seconds, _ := strconv.Atoi(string(w.Expires))
	return AppToken{Token: string(w.AccessToken), Type: string(w.ApplyType), Expires: seconds}, nil
}

// ParseUserToken reads the body of a 200 answer of applyToken: an object with token and
// resultCode, or, as one of the vendor's samples has it, the bare token, as a JSON text or raw.
// A refusal has an empty token and its code.
func ParseUserToken(body []byte) (token, code string, err error) {
	body = bytes.TrimSpace(body)
	if isRawToken(body) {
		return string(body), CodeOK, nil
	}
	if len(body) > 0 && body[0] == '"' {
		if err := unmarshal(body, &token); err != nil {
			return "", "", err
		}
		return token, CodeOK, nil
	}
	var w struct {
		Token      Loose  `json:"token"`
		ResultCode *Loose `json:"resultCode"`
	}
	if err := unmarshal(body, &w); err != nil {
		return "", "", err
	}
	switch {
	case w.ResultCode != nil:
		return string(w.Token), string(*w.ResultCode), nil
	case w.Token != "":
		return string(w.Token), CodeOK, nil
	}
	return "", "", ErrNoCode
}

// isRawToken accepts the alphabet of URL-encoded Base64.
func isRawToken(b []byte) bool {
	if len(b) < 8 {
		return false
	}
	for _, c := range b {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case bytes.IndexByte([]byte("+/=%-_."), c) >= 0:
		default:
			return false
		}
	}
	return true
}

// unmarshal tells what is not JSON from what is, but of another shape.
func unmarshal(body []byte, v any) error {
	err := json.Unmarshal(body, v)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return notJSON(body)
	case !utf8.Valid(body):
		return fmt.Errorf("%w: it is not UTF-8", ErrBadShape)
	case err == nil:
		return nil
	}
	return fmt.Errorf("%w: %s", ErrBadShape, mismatch(err))
}

// mismatch says what encoding/json found of the wrong type, without the names of Go.
func mismatch(err error) string {
	var wrong *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &wrong):
		return err.Error()
	case wrong.Field == "":
		return "it is of type " + wrong.Value
	}
	return wrong.Field[strings.LastIndexByte(wrong.Field, '.')+1:] + " is of type " + wrong.Value
}
