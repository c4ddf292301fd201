# SPDX-License-Identifier: Apache-2.0
# For test scripts: . "$TOP/tests/lib.sh". What is counted is the lines that ok and not_ok print.

failures=0

ok() { echo "ok $*"; }

# not_ok NAME [WHY]
not_ok()
{
	echo "not ok $1"
	[ $# -lt 2 ] || printf '# %s\n' "$2"
	failures=$((failures + 1))
}

# check NAME COMMAND...: the command succeeds.
check()
{
	local name=$1
	shift
	if "$@"; then ok "$name"; else not_ok "$name" "failed with status $?: $*"; fi
}

# check_fails NAME COMMAND...: it fails, by itself, and not by a signal or a sanitizer.
check_fails()
{
	local name=$1 status=0
	shift
	"$@" || status=$?
	if [ "$status" -gt 0 ] && [ "$status" -lt 126 ] && [ "$status" -ne 99 ]; then ok "$name"; else not_ok "$name" "status $status: $*"; fi
}

# same NAME EXPECTED GOT
same()
{
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "expected '$2', got '$3'"; fi
}

# A TCP port of this machine that nobody listens on, below those that the kernel gives to whoever connects: one of these may be in
# use by a connection that nobody listens to any more.
free_port()
{
	local port
	for port in $(shuf -i 20000-32000 -n 50); do
		(exec 3<> "/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
	done
	return 1
}

skip() { echo "$*"; exit 77; }

# need PROGRAM...: skip where one is missing.
need()
{
	local program
	for program; do
		command -v "$program" >/dev/null || skip "'$program' is not installed"
	done
}

finish() { [ "$failures" -eq 0 ]; exit; }
