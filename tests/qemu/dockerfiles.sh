#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Dockerfiles of many shapes (tests/data/dockerfiles), each built, booted and asked from the host by one command.
#
#     Dockerfile   and what it copies        check     how to ask at the port $1 (curl)
#     port         of the guest (80)         expect    what the answer is
#     status       what `slipway ctl status` must show, too
#     check-again, expect-again              the same at a second boot with the same disk: what its VOLUME kept
#     console      what must be on the console when the machine has ended
#
# DOCKERFILES=all takes all of them, SHAPE="NAME..." these; otherwise all on busybox are built, and SAMPLE of them boot. The others are on a
# Debian that mmdebstrap makes, and take their packages from its archive. Where our own kernel is in the store, that is what boots.
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

# What the shapes on Debian begin with, as Docker's own image does: no documentation, and no package starts a service. The list of
# authorities is this machine's, which may be behind a proxy that has one of its own.
debian_base()
{
	! buildah inspect --type image localhost/debian >/dev/null 2>&1 || return 0
	# shellcheck disable=SC2016
	mmdebstrap --variant=apt --include=ca-certificates,passwd --dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt=force-unsafe-io \
		--customize-hook='printf "#!/bin/sh\nexit 101\n" >"$1/usr/sbin/policy-rc.d" && chmod 755 "$1/usr/sbin/policy-rc.d"' \
		--customize-hook='copy-in /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs' bookworm debian.tar >debian.log 2>&1 || return
	mkdir debian && mv debian.tar debian/root.tar
	buildah build --quiet --tag localhost/debian -f - debian >>debian.log 2>&1 <<<$'FROM scratch\nADD root.tar /' && rm -r debian
}

# Buildah has here documents since 1.33: that of Debian's next release, with all that it needs, in a directory in front of PATH. It is
# this machine but for its programs and libraries.
newer_buildah()
{
	local directory
	"$TOP/tools/debian-sources.sh" trixie >trixie.sources &&
		mmdebstrap --variant=extract --include=buildah,netavark,base-files trixie trixie trixie.sources >trixie.log 2>&1 &&
		mount --bind trixie trixie || return
	for directory in /proc /sys /dev /etc /run /var "$TEST_TMP"; do
		mkdir -p "trixie$directory" && mount --rbind "$directory" "trixie$directory" || return
	done
	# What it notes beside its images would lead the other one astray, which only lends it the base.
	mkdir newer
	sed 's#/graph"#/newer/graph"#; $a [storage.options]\nadditionalimagestores = [ "'"$TEST_TMP"'/graph" ]' /etc/containers/storage.conf >newer/storage.conf
	printf '#!/bin/sh\nCONTAINERS_STORAGE_CONF=%s/newer/storage.conf exec unshare --root %s/trixie --wd "$PWD" /usr/bin/buildah "$@"\n' \
		"$TEST_TMP" "$TEST_TMP" >newer/buildah
	chmod 755 newer/buildah
}

build_plan() { "$SLIPWAY" plan --format "$FORMAT" "$1" >plan 2>log; }

# shape NAME: builds it; false where the builder cannot, which is said.
shape()
{
	if build_plan "$1"; then ok "$1: is built"; return; fi
	[ "$1" = heredoc ] || { not_ok "$1: is built" "$(tail -n 5 log)"; return 1; }
	if [ -z "$everything" ]; then
		echo "ok $1: is built # SKIP $(buildah --version | cut -d ' ' -f 1-3) has no here documents; 'make check-dockerfiles' takes a newer one"
		return 1
	fi
	newer_buildah || { not_ok "$1: a newer buildah is fetched" "$(tail -n 5 trixie.log)"; return 1; }
	if PATH=$TEST_TMP/newer:$PATH build_plan "$1"; then ok "$1: is built"; else not_ok "$1: is built" "$(tail -n 5 log)"; return 1; fi
}

# boots NAME [-again]: and answers what it should.
boots()
{
	local name=$1 again=${2-} guest=80 ask=(curl -sSf --max-time 10) port about=$1.about
	port=$(free_port)
	[ ! -f "$about/port" ] || guest=$(cat "$about/port")
	if [ -f "$about/check$again" ]; then ask=(sh "$about/check$again" "$port"); else ask+=("http://127.0.0.1:$port/"); fi
	"$SLIPWAY" run --timeout 600 --memory 768 --format "$FORMAT" -p "$port:$guest" --cmdline "$GUEST_WORDS" "${disk[@]}" "./$name" \
		>"$TEST_TMP/console" 2>&1 </dev/null &
	machine=$!
	until_ok 300 "${ask[@]}"
	same "$name: answers${again:+ at the second boot}" "$(cat "$about/expect$again")" "$(cat "$TEST_TMP/until")"
	[ ! -f "$about/status" ] || check "$name: status" until_ok 120 sh -c "\"$SLIPWAY\" ctl status | grep -q '^$name .*$(cat "$about/status")'"
	stop >/dev/null
	same "$name: ends in order" 0 "$status"
	[ ! -f "$about/console" ] || console "$name: $(cat "$about/console")" "$(cat "$about/console")"
}

FORMAT=kernel+squashfs
! "$SLIPWAY" image inspect slipway/kernel >/dev/null 2>&1 || FORMAT=microvm
everything=
[[ ${DOCKERFILES-} != all && -z ${SHAPE-} ]] || everything=1
for directory in "$TOP"/tests/data/dockerfiles/*/; do
	name=$(basename "$directory")
	[[ -z ${SHAPE-} || " $SHAPE " = *" $name "* ]] || continue
	if grep -q '^FROM localhost/debian' "$directory/Dockerfile"; then
		[ -n "$everything" ] || continue
		debian_base || { not_ok "Debian is made to build '$name' on" "$(tail -n 5 debian.log)"; finish; }
	fi
	cp -r "$directory" "$name"
	# What tells the test about it is no part of it.
	mkdir "$name.about" && mv "$name"/{expect,port,check,status,console}* "$name.about/" 2>/dev/null
	if shape "$name" && [[ -n $everything || $SAMPLE = *" $name "* ]]; then
		disk=()
		[ ! -f "$name.about/check-again" ] || disk=(--disk "$TEST_TMP/state.img,size=1G")
		boots "$name"
		[ -z "${disk[*]}" ] || boots "$name" -again
		rm -f "$TEST_TMP/state.img"
	fi
	rm -r "$name.about"
done
finish
