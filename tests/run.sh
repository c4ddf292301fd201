#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs tests and counts them:  tests/run.sh KIND: PROGRAM... KIND: PROGRAM...
#
# A test is a program, or a script ending in .sh. It reports by lines `ok NAME` and `not ok NAME` (TAP; `# SKIP why` after the
# name skips), which are counted one by one; without any, its exit status counts as one. Exit status 77 skips all of it, with
# the last line it printed as the reason. cmocka programs report this way by themselves. Lines `## ...` are figures, which are shown
# also where all has passed.
#
# It finds in its environment TOP, BUILD, SLIPWAY, RUNTIME (absolute paths), TEST_TMP (a directory that is removed afterwards), a
# SLIPWAY_STORE of its own, PACKAGE_STORE (what `make packages` filled), and runs in TOP. Only the kinds qemu, functional,
# conformance and reproducibility may count on packages being there. Scripts may read tests/lib.sh for ok, not_ok and skip.
set -uo pipefail
export LC_ALL=C
unset MAKEFLAGS MAKELEVEL MFLAGS MAKEOVERRIDES CDPATH

ulimit -c 0
cd "$(dirname "$0")/.." || exit 1
export TOP=$PWD
export BUILD=${BUILD:-$TOP/build}
export SLIPWAY=$BUILD/bin/slipway RUNTIME=$BUILD/bin/slipway-runtime
export PACKAGE_STORE=${SLIPWAY_STORE:-${XDG_DATA_HOME:-${HOME:-/root}/.local/share}/slipway/store}
export CMOCKA_MESSAGE_OUTPUT=TAP
# Tests use no network: an image that is missing is an error, and not asked for anywhere.
export SLIPWAY_PULL=never
# A test that hangs is a failed test. Its whole process group is ended.
: "${TEST_TIMEOUT:=900}" "${ONLY:=}"

logs=$BUILD/test-logs
mkdir -p "$logs" || exit 1
scratch=
trap '[ -z "$scratch" ] || rm -rf --one-file-system "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

declare -A passed=() failed=() skipped=()
kinds=() failures=()

run_one()
{
	local log=$1 program=$2 command=("$2")
	case $program in *.sh) command=(bash "$program") ;; esac
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/slipway-test.XXXXXX") || exit 1
	# The group keeps to itself what the shell has to say about a program that crashed.
	{ TEST_TMP=$scratch SLIPWAY_STORE=$scratch/store timeout -k 10 "$TEST_TIMEOUT" "${command[@]}" >"$log" 2>&1 </dev/null; } 2>/dev/null
	local status=$?
	chmod -R u+rwX "$scratch" 2>/dev/null
	# Stops at mounts that a test left behind, instead of emptying what is mounted.
	rm -rf --one-file-system "$scratch"
	scratch=
	return $status
}

# Reads a log: prints "PASSED FAILED SKIPPED PLANNED".
count()
{
	awk '
		/^1\.\.[0-9]+ *$/ { plan += substr($0, 4) }
		/^(not )?ok( |$)/ && /# *[Ss][Kk][Ii][Pp]/ { skip++; next }
		/^ok( |$)/ { ok++ }
		/^not ok( |$)/ { bad++ }
		END { print ok + 0, bad + 0, skip + 0, plan + 0 }' "$1"
}

test_one()
{
	local kind=$1 program=$2 name=${2#"$TOP"/} ok bad skip plan begin=$EPOCHREALTIME why=
	name=${name#"${BUILD#"$TOP"/}"/}
	local log=$logs/$kind-$(basename "${program%.sh}").log
	run_one "$log" "$program"
	local status=$?
	read -r ok bad skip plan < <(count "$log")
	case $status in
	0) ;;
	77) [ "$bad" -gt 0 ] || skip=$((skip + 1)); why=$(tail -n 1 "$log") ;;
	124|137) bad=$((bad + 1)); why="ended after $TEST_TIMEOUT s, or killed" ;;
	*) [ "$bad" -gt 0 ] || bad=1; why="exit status $status" ;;
	esac
	# A program that stops in the middle, even with status 0, has not passed.
	if [ "$plan" -gt $((ok + bad + skip)) ]; then
		bad=$((bad + plan - ok - bad - skip)); why="${why:+$why, }not all of its $plan tests reported"
	fi
	[ $((ok + bad + skip)) -gt 0 ] || ok=1

	local result=pass seconds
	seconds=$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
	if [ "$bad" -gt 0 ]; then result=FAIL; elif [ "$ok" -eq 0 ]; then result=skip; fi
	printf '%s  %-14s %-44s %4d ok%s%s  %s s%s\n' "$result" "$kind" "$name" "$ok" "$([ "$bad" -eq 0 ] || echo ", $bad failed")" \
		"$([ "$skip" -eq 0 ] || echo ", $skip skipped")" "$seconds" "${why:+  ($why)}"
	# Figures are told also of what has passed.
	sed -n 's/^## /      # /p' "$log"
	if [ "$bad" -gt 0 ]; then
		failures+=("$kind $name")
		grep -E '^not ok( |$)' "$log" | sed 's/^/      /'
		echo "      --- the end of $log:"
		tail -n 40 "$log" | sed 's/^/      | /'
	fi
	passed[$kind]=$((passed[$kind] + ok)) failed[$kind]=$((failed[$kind] + bad)) skipped[$kind]=$((skipped[$kind] + skip))
}

kind=
for word in "$@"; do
	case $word in
	*:) kind=${word%:}; kinds+=("$kind"); rm -f "$logs/$kind"-*.log; passed[$kind]=0 failed[$kind]=0 skipped[$kind]=0 ;;
	*"$ONLY"*) test_one "$kind" "$word" ;;
	esac
done

total_passed=0 total_failed=0 total_skipped=0
echo
for kind in "${kinds[@]}"; do
	printf '%-16s %5d passed, %d failed, %d skipped\n' "$kind" "${passed[$kind]}" "${failed[$kind]}" "${skipped[$kind]}"
	total_passed=$((total_passed + passed[$kind])) total_failed=$((total_failed + failed[$kind]))
	total_skipped=$((total_skipped + skipped[$kind]))
done
[ ${#failures[@]} -eq 0 ] || printf 'failed: %s\n' "${failures[@]}"
# Nothing that ran is no success: a wrong ONLY, or tests that have all been lost.
[ $((total_passed + total_failed + total_skipped)) -gt 0 ] || { echo "no test ran"; total_failed=1; }
printf '%d passed, %d failed%s\n' "$total_passed" "$total_failed" "$([ "$total_skipped" -eq 0 ] || echo ", $total_skipped skipped")"
[ "$total_failed" -eq 0 ]
