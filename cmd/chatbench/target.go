package main

import (
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"chatbench/internal/scenario"
)

// targetFlags say which tenant to play against.
type targetFlags struct {
	url, channel, key, secret, secretFile, caFile, sni string
	insecure                                           bool
	allow                                              []string
}

func (f *targetFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.url, "target", "", "base `URL` of the tenant, with its port, in front of /apigovernance and /apiaccess")
	flags.StringVar(&f.channel, "channel", "", "configuration `ID` of the web channel (or CHATBENCH_CHANNEL)")
	flags.StringVar(&f.key, "app-key", "", "application `KEY` (or CHATBENCH_APP_KEY)")
	flags.StringVar(&f.secret, "app-secret", "", "application `SECRET` (better: CHATBENCH_APP_SECRET or --app-secret-file)")
	flags.StringVar(&f.secretFile, "app-secret-file", "", "`FILE` with the application secret (or CHATBENCH_APP_SECRET_FILE)")
	flags.StringVar(&f.caFile, "ca-file", "", "PEM `FILE` of certificate authorities to trust as well")
	flags.StringVar(&f.sni, "sni", "", "server `NAME` in the certificate, when it is not the host")
	flags.BoolVar(&f.insecure, "insecure", false, "do not verify the certificate")
	flags.StringSliceVar(&f.allow, "allow-target", nil, "`HOST` off this machine that may be put under load")
}

// apply puts variables and flags into the scenario's target, flags over variables over what the
// scenario says, and refuses hosts that were not allowed.
func (f *targetFlags) apply(s *scenario.Scenario) error {
	if f.url == "" && s.Target == nil {
		if f.channel != "" || f.key != "" || f.secret != "" || f.secretFile != "" {
			return usagef("--channel, --app-key and --app-secret are for a real tenant, which --target names")
		}
		return nil
	}
	if s.Target == nil {
		s.Target = &scenario.Target{}
	}
	t := s.Target
	secret, err := f.appSecret()
	if err != nil {
		return err
	}
	override(&t.URL, f.url)
	override(&t.Channel, first(f.channel, os.Getenv("CHATBENCH_CHANNEL")))
	override(&t.AppKey, first(f.key, os.Getenv("CHATBENCH_APP_KEY")))
	override(&t.AppSecret, first(secret, os.Getenv("CHATBENCH_APP_SECRET")))
	override(&t.CAFile, f.caFile)
	override(&t.SNI, f.sni)
	t.Insecure = t.Insecure || f.insecure
	return f.complete(t)
}

// complete looks whether everything is there and allowed.
func (f *targetFlags) complete(t *scenario.Target) error {
	u, err := url.Parse(t.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return usagef("--target %q is not an address such as https://service.example.com:28070", t.URL)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return usagef("--target %s must not carry a user, a query or a fragment", u.Redacted())
	}
	embedded := scenario.DefaultTenant() // a chatbench tenant on this machine answers to these
	if isLocal(u.Hostname()) {
		override(&t.Channel, first(t.Channel, embedded.Channel))
		override(&t.AppKey, first(t.AppKey, embedded.AppKey))
		override(&t.AppSecret, first(t.AppSecret, embedded.AppSecret))
		return nil
	}
	if !slices.ContainsFunc(f.allow, func(host string) bool { return strings.EqualFold(host, u.Hostname()) }) {
		return usagef("%s is not on this machine; if you may put it under load, say so with --allow-target %s", u.Hostname(), u.Hostname())
	}
	var missing []string
	for _, piece := range []struct{ value, flag, variable string }{
		{t.Channel, "--channel", "CHATBENCH_CHANNEL"},
		{t.AppKey, "--app-key", "CHATBENCH_APP_KEY"},
		{t.AppSecret, "--app-secret", "CHATBENCH_APP_SECRET"},
	} {
		if piece.value == "" {
			missing = append(missing, piece.flag+" (or "+piece.variable+")")
		}
	}
	if len(missing) > 0 {
		return usagef("a real tenant needs %s", strings.Join(missing, ", "))
	}
	return nil
}

// appSecret is the secret of the flags or of a file.
func (f *targetFlags) appSecret() (string, error) {
	file := first(f.secretFile, os.Getenv("CHATBENCH_APP_SECRET_FILE"))
	if f.secret != "" || file == "" {
		return f.secret, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", usagef("application secret: %w", err)
	}
	secret := strings.TrimSpace(string(b))
	if secret == "" {
		return "", usagef("application secret: %s is empty", file)
	}
	return secret, nil
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func override(to *string, value string) {
	if value != "" {
		*to = value
	}
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
