#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Whether a boot takes more instructions than it did: bench/boot.sh against bench/reference.txt, with the same kernels. Two percent more than
# there fail. --update makes the reference anew: with other kernels there is nothing to compare with, and after a change for the better
# the new figure is what counts from then on.
set -eu
. "$(dirname "$0")/lib.sh"
MORE_PERCENT=2
REFERENCE=$TOP/bench/reference.txt
export ROUNDS=${ROUNDS:-5} FORMATS=${FORMATS:-kernel+initrd microvm} FIGURES=$WORK/figures

[ $# -eq 0 ] || [ "$*" = --update ] || die "usage: bench/check.sh [--update]"
"$TOP/bench/boot.sh" > "$WORK/out" || die "bench/boot.sh failed: $(tail -n 1 "$WORK/out")"
[ -s "$FIGURES" ] || die "nothing was measured"
if [ $# -gt 0 ]; then
	{
		echo "# What bench/check.sh compares with: FORMAT, digest of the kernel's image, WHAT, instructions. Made by bench/check.sh --update."
		cat "$FIGURES"
	} > "$REFERENCE.new"
	mv "$REFERENCE.new" "$REFERENCE"
	cat "$REFERENCE"
	exit
fi
awk -v more=$MORE_PERCENT '
	/^#/ { next }
	NR == FNR { reference[$1 " " $3] = $4; kernel[$1 " " $3] = $2; next }
	{
		key = $1 " " $3
		if (!(key in reference)) { printf "new   %-24s %.2f M\n", key, $4 / 1e6; missing++; next }
		if (kernel[key] != $2) { printf "other %-24s %.2f M, but the reference is of another kernel\n", key, $4 / 1e6; missing++; next }
		change = ($4 - reference[key]) * 100 / reference[key]
		printf "%s  %-24s %.2f M, reference %.2f M, %+.2f %%\n", ((change > more) ? "FAIL" : "ok  "), key, $4 / 1e6, reference[key] / 1e6, change
		if (change > more) failed++; else passed++
	}
	END {
		if (missing) print missing " without a reference: make it from the revision before the change, by bench/check.sh --update"
		exit failed > 0 || passed == 0
	}' "$REFERENCE" "$FIGURES"
