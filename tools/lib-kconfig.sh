# SPDX-License-Identifier: Apache-2.0
# Fragments of a configuration, for whatever is configured by Kconfig. Read by tools/kernel-build.sh and pkg/busybox/build.sh. Needs the
# variable work (a temporary directory) and the function fail.
# shellcheck shell=bash

# read_fragments FILE...: "CONFIG_NAME=value  # why" becomes "CONFIG_NAME=value". Any other line is an error, and so is an option without a reason.
read_fragments()
{
	local file bad
	for file; do
		[ -r "$file" ] || fail "cannot read '$file'"
		bad=$(grep -nvE '^(#.*|[[:space:]]*|CONFIG_[A-Za-z0-9_]+=("[^"]*"|[A-Za-z0-9]+)[[:space:]]+#[[:space:]]*[^[:space:]].*)$' "$file" | head -n 1 || true)
		[ -z "$bad" ] || fail "$file:${bad%%:*}: expected 'CONFIG_NAME=value  # why', got '${bad#*:}'"
		sed -nE 's/^(CONFIG_[A-Za-z0-9_]+=("[^"]*"|[A-Za-z0-9]+)).*/\1/p' "$file"
	done
}

# Of an option that is said twice the last counts.
merge() { awk -F = '{ value[$1] = $0 } !($1 in order) { order[$1] = ++n; name[n] = $1 } END { for (i = 1; i <= n; i++) print value[name[i]] }'; }

# check_held CONFIG: Kconfig drops what its dependencies do not allow without a word, so each line of $work/options is looked up in
# what came out.
check_held()
{
	local line name lost=
	while IFS= read -r line; do
		name=${line%%=*}
		case $line in
		*=n) ! grep -q "^$name=" "$1" || lost+="  $line became $(grep "^$name=" "$1")"$'\n' ;;
		*) grep -qxF -- "$line" "$1" || lost+="  $line is not in it: an option that it depends on is missing, or there is none of that name"$'\n' ;;
		esac
	done <"$work/options"
	[ -z "$lost" ] || fail "the configuration lost lines of the fragments:"$'\n'"${lost%$'\n'}"
}
