//go:build !race

package har

// slowed says that the race detector slows everything down.
const slowed = false
