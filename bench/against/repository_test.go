package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// project is a git repository made for a test.
type project struct {
	t   *testing.T
	dir string
}

// newProject is a repository without a commit, on a branch main.
func newProject(t *testing.T) *project {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not here")
	}
	for name, value := range map[string]string{"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_SYSTEM": os.DevNull,
		"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a"} {
		t.Setenv(name, value)
	}
	p := &project{t, t.TempDir()}
	p.git("init", "--quiet", "--initial-branch=main")
	return p
}

func (p *project) git(args ...string) string {
	p.t.Helper()
	line, err := git(p.t.Context(), p.dir, args...)
	if err != nil {
		p.t.Fatal(err)
	}
	return line
}

// commit makes an empty commit, with the files written before, and tags it with its name.
func (p *project) commit(name string) {
	p.t.Helper()
	p.git("add", "--all")
	p.git("commit", "--quiet", "--allow-empty", "--message", name)
	p.git("tag", name)
}

func (p *project) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// main commits a and b on main.
func (p *project) main() {
	p.commit("a")
	p.commit("b")
}

// remote says where the main branch of the remote is.
func (p *project) remote(commit string) { p.git("update-ref", "refs/remotes/origin/main", commit) }

func TestCommit(t *testing.T) {
	tests := []struct {
		why      string
		do       func(p *project)
		revision string
		want     string // a tag
		nothing  string // in the reason for having nothing
	}{
		{"a branch: where it left main", func(p *project) {
			p.main()
			p.git("checkout", "--quiet", "-b", "change")
			p.commit("c")
			p.commit("d")
		}, "", "b", ""},
		{"main went on meanwhile", func(p *project) {
			p.main()
			p.git("checkout", "--quiet", "-b", "change", "a")
			p.commit("c")
		}, "", "a", ""},
		{"main was merged into the branch meanwhile", func(p *project) {
			p.main()
			p.git("checkout", "--quiet", "-b", "change", "a")
			p.commit("c")
			p.git("merge", "--quiet", "--no-edit", "main")
		}, "", "b", ""},
		{"main itself: the commit before", (*project).main, "", "a", ""},
		{"HEAD is main's, by no name", func(p *project) { p.main(); p.git("checkout", "--quiet", "--detach") }, "", "a", ""},
		{"an old commit of main", func(p *project) { p.main(); p.commit("c"); p.git("checkout", "--quiet", "b") }, "", "a", ""},
		{"main with commits that are not sent", func(p *project) { p.main(); p.remote("a"); p.commit("c") }, "", "a", ""},
		{"one's own main is old", func(p *project) {
			p.main()
			p.remote("b")
			p.git("checkout", "--quiet", "-b", "change")
			p.commit("c")
			p.git("branch", "--force", "main", "a")
		}, "", "b", ""},
		{"CI has no branches but the remote's", func(p *project) {
			p.main()
			p.remote("a")
			p.git("checkout", "--quiet", "--detach")
			p.git("branch", "--quiet", "-D", "main")
		}, "", "a", ""},
		{"a tag called main is not the branch", func(p *project) {
			p.main()
			p.git("checkout", "--quiet", "-b", "change")
			p.commit("c")
			p.git("tag", "main", "a")
		}, "", "b", ""},
		{"a revision that was asked for", func(p *project) { p.main(); p.commit("c") }, "HEAD~2", "a", ""},
		{"HEAD, for what is not committed", (*project).main, "HEAD", "b", ""},

		{"no commit", func(*project) {}, "", "", "no commit HEAD"},
		{"a lone commit", func(p *project) { p.commit("a") }, "", "", "no commit HEAD^"},
		{"no branch main", func(p *project) { p.main(); p.git("branch", "--move", "trunk") }, "", "", "neither origin/main nor main"},
		{"no commit in common", func(p *project) {
			p.main()
			p.git("checkout", "--quiet", "--orphan", "other")
			p.commit("c")
		}, "", "", "no commit in common"},
		{"a shallow clone of main", func(p *project) {
			p.main()
			p.git("clone", "--quiet", "--depth=1", "file://"+p.dir, p.dir+"/clone")
			p.dir += "/clone"
		}, "", "", "shallow"},
		{"a shallow clone of a branch", func(p *project) {
			p.main()
			p.git("checkout", "--quiet", "-b", "change", "a")
			p.commit("c")
			p.git("clone", "--quiet", "--depth=1", "--no-single-branch", "file://"+p.dir, p.dir+"/clone")
			p.dir += "/clone"
		}, "", "", "shallow"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			p := newProject(t)
			tt.do(p)
			repo, err := openRepository(t.Context(), p.dir)
			if err != nil {
				t.Fatal(err)
			}
			got, err := repo.commit(t.Context(), tt.revision)
			var none nothing
			switch {
			case tt.nothing == "" && (err != nil || got != p.git("rev-parse", tt.want)):
				t.Errorf("got %q, error %v, want the commit of %s", got, err, tt.want)
			case tt.nothing != "" && (!errors.As(err, &none) || !strings.Contains(string(none), tt.nothing)):
				t.Errorf("got %q, error %v, want nothing, for %q", got, err, tt.nothing)
			}
		})
	}
}

func TestNoRepository(t *testing.T) {
	t.Setenv("GIT_CEILING_DIRECTORIES", os.TempDir()) // should that be in a repository
	var none nothing
	if _, err := openRepository(t.Context(), t.TempDir()); !errors.As(err, &none) {
		t.Errorf("a folder without a repository: got error %v, want nothing", err)
	}
}

func TestUnknownRevision(t *testing.T) {
	p := newProject(t)
	p.main()
	var none nothing
	got, err := (repository{dir: p.dir}).commit(t.Context(), "nowhere")
	if err == nil || errors.As(err, &none) || !strings.Contains(err.Error(), `revision "nowhere"`) {
		t.Errorf("got %q, error %v, want an error that names the revision: it was asked for", got, err)
	}
}

// TestInHook runs as a hook does, whose git leads all others to its own repository.
func TestInHook(t *testing.T) {
	hooked, p := newProject(t), newProject(t)
	p.main()
	t.Setenv("GIT_DIR", filepath.Join(hooked.dir, ".git"))
	got, err := (repository{dir: p.dir}).commit(t.Context(), "")
	if want := p.git("rev-parse", "a"); got != want || err != nil {
		t.Errorf("got %q, error %v, want %q of the folder's own repository", got, err, want)
	}
}
