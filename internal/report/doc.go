// Package report renders a result for its readers. The renderers take a finished result and write
// text: they judge nothing, measure nothing and open no files.
package report
