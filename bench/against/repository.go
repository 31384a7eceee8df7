package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// nothing says why there is no commit to compare with. That is an answer and not a failure.
type nothing string

func (n nothing) Error() string { return string(n) }

// repository is the git repository of the working tree.
type repository struct {
	dir    string // the module's root
	prefix string // where that is in the repository; mostly ""
}

func openRepository(ctx context.Context, dir string) (repository, error) {
	prefix, err := git(ctx, dir, "rev-parse", "--show-prefix")
	if refused(err) {
		return repository{}, nothing(err.Error())
	}
	return repository{dir: dir, prefix: prefix}, err
}

// commit is what to compare with: a revision, or for none the merge base.
func (r repository) commit(ctx context.Context, revision string) (string, error) {
	if revision == "" {
		return r.mergeBase(ctx)
	}
	commit, err := git(ctx, r.dir, "rev-parse", "--verify", revision+"^{commit}")
	if err != nil {
		return "", fmt.Errorf("revision %q: %w", revision, err)
	}
	return commit, nil
}

// mergeBase is where HEAD left the main branch, or the commit before HEAD if it did not. The main
// branch of the remote comes first: one's own may be old, or hold what is not sent yet.
func (r repository) mergeBase(ctx context.Context) (string, error) {
	head, err := r.resolve(ctx, "HEAD")
	if err != nil {
		return "", err
	}
	for _, branch := range []string{"refs/remotes/origin/main", "refs/heads/main"} {
		if _, err := r.resolve(ctx, branch); err != nil {
			continue
		}
		base, err := git(ctx, r.dir, "merge-base", "HEAD", branch)
		switch {
		case refused(err):
			return "", nothing("HEAD and " + branch + " have no commit in common; a shallow clone has none (git fetch --unshallow)")
		case err != nil || base != head:
			return base, err
		}
		return r.resolve(ctx, "HEAD^")
	}
	return "", nothing("neither origin/main nor main is here")
}

// resolve gives the commit of a name; the error is nothing when there is none.
func (r repository) resolve(ctx context.Context, name string) (string, error) {
	commit, err := git(ctx, r.dir, "rev-parse", "--verify", "--quiet", name+"^{commit}")
	if refused(err) {
		return "", nothing("there is no commit " + name + " (a lone commit, or a shallow clone)")
	}
	return commit, err
}

// checkOut makes a worktree of a commit in a folder below dir, and returns the module's root in it.
// The returned function removes the worktree; it must be called also after an error.
func (r repository) checkOut(ctx context.Context, commit, dir string) (root string, remove func() error, err error) {
	tree := filepath.Join(dir, "tree")
	_, err = git(ctx, r.dir, "worktree", "add", "--quiet", "--detach", tree, commit)
	remove = func() error {
		// Twice: an interrupted git leaves it locked.
		_, again := git(context.WithoutCancel(ctx), r.dir, "worktree", "remove", "--force", "--force", tree)
		if err != nil {
			return nil // what was not made need not be there
		}
		return again
	}
	return filepath.Join(tree, r.prefix), remove, err
}

// git runs git and gives the first line of its output. The error has git's own words.
func git(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := child(ctx, dir, "git", args...)
	// A hook's git leads every other git to the hook's repository and index.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"}, name)
	})
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	line, _, _ := strings.Cut(stdout.String(), "\n")
	return line, nil
}

// refused reports whether a program ran and said no.
func refused(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit)
}

// child is a command that is interrupted, as a terminal would do it, when ctx ends: git and go then
// remove what they have half made.
func child(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}
