//go:build !linux

package main

import (
	"context"
	"errors"
	"net"

	"chatbench/bench/loop"
)

func serve(context.Context, *net.TCPListener, settings) (*loop.Report, error) {
	return nil, errors.New("this system has no epoll: Linux is needed")
}
