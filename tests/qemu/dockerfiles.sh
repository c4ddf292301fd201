#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Dockerfiles of many shapes (tests/data/dockerfiles), each built, booted and asked from the host by one command.
#
#     Dockerfile   and what it copies        expect    what it answers
#     port         of the guest (80)         check     how to ask at the port $1 (curl)
#     base         a Debian image it is on   status    what `slipway ctl status` must show, too
#     console      what must be on the console when the machine has ended
#
# DOCKERFILES=all takes all of them; otherwise all on busybox are built, and SAMPLE of them boot. The Debian bases are made by
# mmdebstrap from the archive.
. "$TOP/tests/qemu/lib.sh"
. "$TOP/tests/conformance/lib-clients.sh"
need buildah busybox curl
SAMPLE=" volume healthcheck stopsignal "
private "$0"
container_settings
cd "$TEST_TMP" || exit 1
unset BUILDAH_ISOLATION
cp -r "$PACKAGE_STORE" store || skip "no packages: run 'make packages' first"
export SLIPWAY_STORE=$TEST_TMP/store XDG_CACHE_HOME=$TEST_TMP/cache XDG_RUNTIME_DIR=$TEST_TMP/run
mkdir run && chmod 700 run

busybox_rootfs rootfs
buildah build --quiet --tag localhost/busybox -f - rootfs >log 2>&1 <<<$'FROM scratch\nCOPY . /' || { not_ok "a base image is made"; cat log; finish; }
mkdir pages && echo "from another image" >pages/index.html
buildah build --quiet --tag localhost/pages -f - pages >log 2>&1 <<<$'FROM scratch\nCOPY . /' || not_ok "an image to copy from is made"
buildah build --quiet --format docker --tag localhost/onbuild -f - pages >log 2>&1 <<'E' || not_ok "an image with ONBUILD is made"
FROM localhost/busybox
ONBUILD COPY . /www
CMD ["httpd", "-f", "-p", "80", "-h", "/www"]
E

# The packages of a Debian base.
declare -A packages=(
	[debian-python]=python3-minimal,libpython3-stdlib,passwd [debian-nginx]=nginx-light [debian-redis]=redis-server,redis-tools
	[debian-postgresql]=postgresql-15 [debian-node]=npm
)
# base NAME
base()
{
	buildah inspect --type image "localhost/$1" >/dev/null 2>&1 && return
	mmdebstrap --variant=minbase --include="${packages[$1]}" --dpkgopt='path-exclude=/usr/share/doc/*' bookworm "$1.tar" >"$1.log" 2>&1 || return
	mkdir "$1" && mv "$1.tar" "$1/root.tar"
	buildah build --quiet --tag "localhost/$1" -f - "$1" >>"$1.log" 2>&1 <<<$'FROM scratch\nADD root.tar /' && rm -r "$1"
}

# shape NAME: builds it; false where the builder cannot, which is said.
shape()
{
	if "$SLIPWAY" plan "$1" >plan 2>log; then ok "$1: is built"; return; fi
	if [ "$1" = heredoc ]; then
		# Buildah has here documents since 1.33.
		echo "ok $1: is built # SKIP $(tail -n 1 log)"
	else
		not_ok "$1: is built" "$(tail -n 5 log)"
	fi
	return 1
}

# boots NAME
boots()
{
	local name=$1 guest=80 ask=(curl -sSf --max-time 10) port
	port=$(free_port)
	[ ! -f "$name.about/port" ] || guest=$(cat "$name.about/port")
	if [ -f "$name.about/check" ]; then ask=(sh "$name.about/check" "$port"); else ask+=("http://127.0.0.1:$port/"); fi
	"$SLIPWAY" run --timeout 600 --memory 768 -p "$port:$guest" --cmdline no_timer_check "./$name" >"$TEST_TMP/console" 2>&1 </dev/null &
	machine=$!
	until_ok 300 "${ask[@]}"
	same "$name: answers" "$(cat "$name.about/expect")" "$("${ask[@]}" 2>&1)"
	[ ! -f "$name.about/status" ] || check "$name: status" until_ok 60 sh -c "\"$SLIPWAY\" ctl status | grep -q '^$name .*$(cat "$name.about/status")'"
	stop >/dev/null
	same "$name: ends in order" 0 "$status"
	[ ! -f "$name.about/console" ] || console "$name: $(cat "$name.about/console")" "$(cat "$name.about/console")"
}

for directory in "$TOP"/tests/data/dockerfiles/*/; do
	name=$(basename "$directory")
	[ ! -f "$directory/base" ] || [ "${DOCKERFILES-}" = all ] || continue
	[[ -z ${SHAPE-} || $SHAPE = "$name" ]] || continue
	cp -r "$directory" "$name"
	# What tells the test about it is no part of it.
	mkdir about && mv "$name"/{expect,port,check,status,console,base} about/ 2>/dev/null
	if [ -f about/base ]; then
		command -v mmdebstrap >/dev/null || { echo "ok $name # SKIP 'mmdebstrap' is not installed"; rm -r about; continue; }
		base "$(cat about/base)" || { not_ok "$name: $(cat about/base) is made" "$(tail -n 3 "$(cat about/base).log")"; rm -r about; continue; }
	fi
	if shape "$name" && [[ ${DOCKERFILES-} = all || -n ${SHAPE-} || $SAMPLE = *" $name "* ]]; then
		mv about "$name.about"
		boots "$name"
		rm -r "$name.about"
	fi
	rm -rf about
done
finish
