#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Manifest cases. A case is a directory of tests/data/manifests/*/ with input.yml and either
#   plan     what `slipway plan input.yml` prints, or
#   error    what it prints on stderr; it exits with a status of its own, prints nothing else and leaves no file.
# A file named `command` replaces `plan input.yml` by other arguments. Cases run in a copy of their directory.
# UPDATE=1 writes what came out instead of comparing; look at the difference before committing it.
. "$TOP/tests/lib.sh"
set -u

shopt -s nullglob
one_case()
{
	local dir=$1 name=${1#"$TOP"/tests/data/manifests/} work=$TEST_TMP/case status=0 arguments=(plan input.yml) before
	rm -rf "$work"
	cp -r "$dir" "$work"
	rm -f "$work/plan" "$work/error"
	[ ! -e "$dir/command" ] || read -r -a arguments <"$dir/command"
	before=$(cd "$work" && find . | sort)
	(cd "$work" && exec "$SLIPWAY" "${arguments[@]}") >"$TEST_TMP/out" 2>"$TEST_TMP/err" || status=$?
	if [ -e "$dir/error" ]; then
		[ -z "${UPDATE:-}" ] || [ "$status" -eq 0 ] || cp "$TEST_TMP/err" "$dir/error"
		if [ "$status" -eq 0 ]; then not_ok "$name" "succeeded"
		elif [ "$status" -ge 126 ] || grep -q 'Sanitizer\|runtime error:' "$TEST_TMP/err"; then not_ok "$name" "crashed, status $status"; cat "$TEST_TMP/err"
		elif ! diff -u --label expected "$dir/error" --label got "$TEST_TMP/err"; then not_ok "$name"
		elif [ -s "$TEST_TMP/out" ]; then not_ok "$name" "printed on stdout, too"
		elif [ "$(cd "$work" && find . | sort)" != "$before" ]; then not_ok "$name" "left files behind"
		else ok "$name"; fi
	else
		[ -z "${UPDATE:-}" ] || [ "$status" -ne 0 ] || cp "$TEST_TMP/out" "$dir/plan"
		if [ "$status" -ne 0 ]; then not_ok "$name" "status $status: $(head -n 3 "$TEST_TMP/err")"
		elif ! diff -u --label expected "$dir/plan" --label got "$TEST_TMP/out"; then not_ok "$name"
		else ok "$name"; fi
	fi
}

cases=("$TOP"/tests/data/manifests/*/*/)
[ ${#cases[@]} -gt 0 ] || skip "there are no cases"
echo "1..${#cases[@]}"
for dir in "${cases[@]}"; do
	dir=${dir%/}
	if [ -e "$dir/input.yml" ] && { [ -e "$dir/error" ] || [ -e "$dir/plan" ] || [ -n "${UPDATE:-}" ]; }; then one_case "$dir"
	else not_ok "${dir#"$TOP"/tests/data/manifests/}" "a case is input.yml with plan or error"; fi
done
finish
