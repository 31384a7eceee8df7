//go:build !linux

package main

import (
	"context"
	"errors"

	"chatbench/bench/loop"
)

func run(context.Context, settings, plan) (*loop.Report, error) {
	return nil, errors.New("this system has no epoll: Linux is needed")
}
