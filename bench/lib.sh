# SPDX-License-Identifier: Apache-2.0
# What the benchmarks share. Read it after `set -eu`.

TOP=$(cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-$TOP/build}
case $BUILD in /*) ;; *) BUILD=$TOP/$BUILD ;; esac
SLIPWAY=${SLIPWAY:-$BUILD/bin/slipway}
WORK=$(mktemp -d "${TMPDIR:-/var/tmp}/slipway-bench.XXXXXX")
trap 'rm -rf "$WORK"' EXIT
trap 'exit 130' INT TERM

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

need() { # PROGRAM PACKAGE
	command -v "$1" > /dev/null || die "'$1' is not installed; install the package '$2'"
}

has_own_kernel() { "$SLIPWAY" image inspect slipway/kernel > /dev/null 2>&1; }

# The median of the numbers on standard input.
median() {
	sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# Largest distance from the smallest, in percent of the smallest.
spread() {
	sort -n | awk 'NR == 1 { low = $1 } { high = $1 } END { printf "%.4f", low ? (high - low) * 100 / low : 0 }'
}
