#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `slipway build`, killed at any moment (kill -9): what was there stays, whole, and nothing is left beside it; also where the file
# system has no files without names, where the next build takes away what is left, but nothing of a build that still runs.
. "$TOP/tests/lib.sh"
need gcc
cd "$TEST_TMP" || exit 1
: "${KILLS:=12}"
RANDOM=${SEED:-$$}
echo "# SEED=${SEED:-$$} KILLS=$KILLS"
export SLIPWAY_STORE=$TEST_TMP/store

mkdir kernel root
head -c 3000000 /dev/urandom >kernel/kernel && tar -C kernel -cf kernel.tar .
head -c 4000000 /dev/urandom >root/noise && tar -C root -cf root.tar .
{ "$SLIPWAY" image import --name slipway/kernel kernel.tar && "$SLIPWAY" image import --name app root.tar; } >/dev/null
manifest() { printf 'kernel: {image: slipway/kernel, tar: none, cmdline: "version=%s"}\nservices:\n  - {name: app, image: app, command: [/x]}\nfiles:\n  - {path: version, contents: "%s"}\n' "$1" "$1" >"$1.yml"; }
manifest old && manifest new
# build VERSION [PREFIX]
build() { "$SLIPWAY" build -q --sbom spdx -o "${2:-out}" "$1.yml"; }
begin=${EPOCHREALTIME/./}
check "an image" build old old
took=$((${EPOCHREALTIME/./} - begin))
check "another" build new new
cp old-kernel out-kernel && cp old-initrd.img out-initrd.img && cp old-cmdline out-cmdline && cp old-sbom.spdx.json out-sbom.spdx.json
check_fails "which is not the same" cmp -s old-initrd.img new-initrd.img
outputs=$'out-cmdline\nout-initrd.img\nout-kernel\nout-sbom.spdx.json'

# kill_some: begins builds of the new one, and kills each somewhere between its begin and its end
kill_some()
{
	local n process micros
	for ((n = 0; n < KILLS; n++)); do
		# One that got through would be all that is wanted from the next.
		for file in kernel initrd.img cmdline; do cp "old-$file" "out-$file"; done
		micros=$((took * (RANDOM % 1000) / 1000))
		("$SLIPWAY" build -q --sbom spdx -o out new.yml) >/dev/null 2>&1 &
		process=$!
		sleep "$((micros / 1000000)).$(printf %06d $((micros % 1000000)))"
		kill -9 $process 2>/dev/null && killed=$((killed + 1))
		wait $process 2>/dev/null
		for file in $outputs; do
			# The bill has the name of the image in it.
			case $file in *.json) [ -s "$file" ] || bad=$((bad + 1)); continue ;; esac
			cmp -s "$file" "old${file#out}" || cmp -s "$file" "new${file#out}" || bad=$((bad + 1))
		done
		left=$((left + $(ls -d out* | grep -cvxF "$outputs")))
	done
}
killed=0 bad=0 left=0
# Of an older version, whose owner is gone.
echo stale >out-kernel.123.4.tmp
check "a build beside it" build old
kill_some
check "builds were killed ($killed)" test "$killed" -gt 0
same "what was there is there, or what took its place, whole" 0 "$bad"
same "and nothing else" 0 "$left"
check "a build gets through" build new
for file in kernel initrd.img cmdline; do check "all of it is new: $file" cmp "out-$file" "new-$file"; done

# A file system that is older.
cat >old.c <<'EOF'
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
static int unsupported(int flags) { return (flags & O_TMPFILE) == O_TMPFILE; }
#define OPEN(name) \
	int name(const char *path, int flags, ...) \
	{ \
		va_list list; \
		int mode; \
		va_start(list, flags); mode = va_arg(list, int); va_end(list); \
		if (unsupported(flags)) { errno = EOPNOTSUPP; return -1; } \
		return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name))(path, flags, mode); \
	}
OPEN(open)
OPEN(open64)
EOF
gcc -D_GNU_SOURCE -w -shared -fPIC -o old.so old.c -ldl || not_ok "the library compiles"
for file in kernel initrd.img cmdline; do cp "old-$file" "out-$file"; done
killed=0 bad=0 left=0 KILLS=$((KILLS / 2))
export LD_PRELOAD=$TEST_TMP/old.so
kill_some
echo "# left at times where files need names: $left"
same "where files need names: what was there is whole" 0 "$bad"
check "a build that is stopped in the middle" bash -c '
	"$0" build -q --rebuild --sbom spdx -o out new.yml & process=$!
	for ((n = 0; n < 2000; n++)); do
		ls out*.$process.*.tmp >/dev/null 2>&1 && { kill -STOP $process; break; }
		sleep 0.002
	done
	ls out*.$process.*.tmp >stopped 2>/dev/null || exit 1
	"$0" build -q --rebuild --sbom spdx -o out old.yml || exit 1
	ls out*.tmp >after
	kill -CONT $process
	wait $process' "$SLIPWAY"
same "keeps its files, and only they are left" "$(cat stopped)" "$(cat after)"
unset LD_PRELOAD
same "at the end nothing is" "$outputs" "$(ls -d out*)"
for file in kernel initrd.img cmdline; do check "and all is that of the last: $file" cmp "out-$file" "new-$file"; done
finish
