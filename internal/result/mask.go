package result

import (
	"net/url"
	"regexp"
	"strings"
)

const masked = "***"

// secretName finds flags and variables whose value is a secret. app-key is not one, but it names
// an account.
var secretName = regexp.MustCompile(`(?i)secret|token|password|passwd|credential|authorization|cookie`)

var keyName = regexp.MustCompile(`(?i)app[-_]?key`)

// secretValue finds values that are secrets whatever they are called: a bearer token, or a JSON
// Web Token.
var secretValue = regexp.MustCompile(`(?i)^bearer\s+\S|^eyJ[\w-]+\.[\w-]+\.`)

// MaskArgs copies a command line without its secrets: values of flags and NAME=value arguments
// that are called a secret or look like one, and user info in URLs. Of an application key the
// first and last two characters stay.
func MaskArgs(args []string) []string {
	safe := make([]string, len(args))
	previous := ""
	for i, arg := range args {
		name, value, assigned := strings.Cut(arg, "=")
		switch {
		case assigned && !strings.Contains(name, "://"):
			safe[i] = name + "=" + maskValue(name, value)
		case strings.HasPrefix(arg, "-"):
			safe[i] = arg
		default:
			safe[i] = maskValue(previous, arg)
		}
		previous = ""
		if strings.HasPrefix(arg, "-") && !assigned {
			previous = arg
		}
	}
	return safe
}

func maskValue(name, value string) string {
	switch {
	case secretName.MatchString(name), secretValue.MatchString(value):
		return masked
	case keyName.MatchString(name):
		return maskMiddle(value)
	case strings.Contains(value, "://"):
		return MaskURL(value)
	}
	return value
}

func maskMiddle(s string) string {
	if len(s) < 8 {
		return masked
	}
	return s[:2] + masked + s[len(s)-2:]
}

// MaskURL takes user info, query and fragment off an address; what is not an address with a host
// comes back as "***".
func MaskURL(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return masked
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
