//go:build race

package judge

// slowed says that the race detector makes everything ten times as slow.
const slowed = true
