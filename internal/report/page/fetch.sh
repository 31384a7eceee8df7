#!/bin/sh
# Fetches uPlot, which draws the charts of the HTML report, from npm. To update it: change the version,
# run this, put the new sums into TestVendored, look at the pages, and correct docs/dependencies.md.
set -eu
version=1.6.32
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "uplot@$version" && tar xzf "uplot-$version.tgz")
cp "$work/package/dist/uPlot.iife.min.js" "$work/package/dist/uPlot.min.css" .
cp "$work/package/LICENSE" uPlot.LICENSE
