//go:build !race

package http1

// raceDetector tells tests of allocations that they cannot be exact.
const raceDetector = false
