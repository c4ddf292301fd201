# SPDX-License-Identifier: Apache-2.0
# Somebody else's test suite, run by the runtime it was written for (the reference) and by ours, and compared: what the reference passes
# on a machine, ours passes, except for what a list leaves out with a reason. For lib-runc-suite.sh and lib-crun-suite.sh, which set
# suite_of (the reference's name) and skipped (the lists; the last one is checked), and have has_test FILE NAME.
#
# Nothing of a suite is kept in this tree. $CACHE/conformance/ has it unpacked, in a directory whose name has its version and a hash
# of all that went in; and what the reference did with it, which is good for one version of it on one kernel.
# shellcheck shell=bash
. "$TOP/tests/lib.sh"
export LC_ALL=C
here=$TOP/tools own=$TOP/tests/conformance
CACHE=${SLIPWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway}
work=

say() { printf '# %s %s\n' "$1" "$2"; }
fail() { printf 'not ok %s-suite: %s\n' "$suite_of" "$*"; exit 1; }
leave() { [ -z "$work" ] || rm -rf "$work"; }
trap leave EXIT
. "$TOP/tools/lib-debian.sh"

key() { sha256sum | cut -c 1-16; }

# begin: sets work, and waits for whoever else runs a suite: they have names of cgroups in common.
begin()
{
	mkdir -p "$CACHE/conformance" || fail "cannot make '$CACHE/conformance': set CACHE to a directory that can be written"
	exec 9>"$CACHE/conformance/lock"
	flock -n 9 || { say WAIT "another run of a suite"; flock 9; }
	rm -rf "$CACHE"/conformance/work.*
	work=$(mktemp -d "$CACHE/conformance/work.XXXXXX")
}

# build_once DIRECTORY FUNCTION: what the function makes in its current directory, kept as DIRECTORY.
build_once()
{
	[ ! -d "$1" ] || return 0
	mkdir "$work/built"
	(set -e; cd "$work/built"; "$2") >"$work/log" 2>&1 || { sed 's/^/# /' "$work/log"; fail "cannot unpack or build the suite of $suite_of"; }
	mv "$work/built" "$1"
}

# results: reads TAP, prints STATUS, a tab, NAME; status is pass, fail or skip.
results()
{
	awk '
		/^(not )?ok [0-9]+ / {
			status = /^not/ ? "fail" : "pass"; sub(/^(not )?ok [0-9]+ /, "")
			if (match($0, / # skip/)) { status = "skip"; $0 = substr($0, 1, RSTART - 1) }
			sub(/ # (timeout|in|bats).*$/, ""); sub(/ in [0-9]+ms$/, "")
			print status "\t" $0
		}'
}

# --- comparing ---------------------------------------------------------------------------------------

# reason FILE NAME: why the list leaves this test out; fails where it does not.
reason()
{
	awk -F '\t+' -v file="$1" -v name="$2" '!/^#/ && $1 == file && $2 == name { print $3; found = 1; exit } END { exit !found }' \
		"${skipped[@]}"
}

# What bats has to say about a test that failed.
diagnosis()
{
	awk -v name="$2" '/^(not )?ok [0-9]+ / { on = index($0, name) && /^not/; next } on' "$1" | head -n 60
}

they_passed=0 we_passed=0 left_out=0 failing=0 neither=0 more=0 not_run=0

compare_test()
{
	local file=$1 name=$2 they=$3 us=$4 log=$5 why
	case $they in pass) they_passed=$((they_passed + 1)) ;; esac
	if why=$(reason "$file" "$name"); then
		[ "$they" != pass ] || left_out=$((left_out + 1))
		[ "$us" != pass ] || say NOTE "$file: $name: is left out, but passes"
		ok "$suite_of $file: $name # SKIP $why"
	elif [ "$us" = pass ] && [ "$they" != skip ]; then
		if [ "$they" = pass ]; then we_passed=$((we_passed + 1)); else more=$((more + 1)); fi
		ok "$suite_of $file: $name"
	elif [ "$they" = pass ]; then
		failing=$((failing + 1))
		not_ok "$suite_of $file: $name" "$suite_of passes it; here it is '$us'"
		diagnosis "$log" "$name"
	elif [ "$they" = skip ]; then
		not_run=$((not_run + 1))
	else
		neither=$((neither + 1))
	fi
}

# compare_file FILE: $reference has what the reference did with it, $logs what ours did.
compare_file()
{
	local file=$1 log=$logs/$1.tap they us name
	while IFS=$'\t' read -r they name; do
		us=$(results <"$log" | awk -F '\t' -v name="$name" '$2 == name { print $1; exit }')
		compare_test "$file" "$name" "$they" "${us:-not reported}" "$log"
	done < <(results <"$reference/$file.tap")
	[ -n "$(results <"$reference/$file.tap")" ] || not_ok "$suite_of $file" "$suite_of's own run of it reported nothing: $reference/$file.tap"
}

# A line about a test that no longer exists would hide nothing, but says something that is not so.
check_skipped()
{
	local file name why
	while IFS=$'\t' read -r file name why; do
		case $file in ''|'#'*) continue ;; esac
		[ ${#why} -ge 10 ] || not_ok "${skipped[-1]##*/}: $file: $name" "no reason is given"
		has_test "$file" "$name" || not_ok "${skipped[-1]##*/}: $file: $name" "no such test"
	done <"${skipped[-1]}"
}

summary()
{
	echo "## suite of $suite_of $version, compared with $suite_of $1, ${#files[@]} files"
	echo "## passed by $suite_of $they_passed, of these by us $we_passed, left out with a reason $left_out, failing $failing"
	echo "## failed by $suite_of on this machine $((neither + more)), of these passed by us $more; not for this machine, says the suite: $not_run"
}
