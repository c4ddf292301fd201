# SPDX-License-Identifier: Apache-2.0
# Dockerfiles in manifests: built by real builders, once for each content, pinned by the lock; and what goes wrong is said.
set -u
. "$TOP/tests/lib.sh"
. "$TOP/tests/conformance/lib-clients.sh"
need buildah podman busybox jq
private "$0"
container_settings
cd "$TEST_TMP" || exit 1
export SLIPWAY_STORE=$TEST_TMP/store
unset BUILDAH_ISOLATION

busybox_rootfs rootfs
printf 'FROM scratch\nCOPY . /\nCMD ["/bin/sh"]\n' >rootfs/Dockerfile
buildah build --quiet --tag localhost/base rootfs >/dev/null 2>&1 || { not_ok "a base image is made"; finish; }

cp -r "$PACKAGE_STORE" store || skip "no packages: run 'make packages' first"
kernel=$'kernel: {image: slipway/kernel-debian, modules: []}'
# manifest TEXT: the lines of the container below its name.
manifest() { printf '%s\nservices:\n  - name: web\n    restart: never\n%s\n' "$kernel" "$1" >app.yml; }
# What was filed last.
image() { "$SLIPWAY" image ls | awk '/slipway-build/ { print $2 }' | tail -n 1; }
# plan [MANIFEST], build [OPTIONS]: says what became of the Dockerfile; the rest is in `stderr`.
plan() { verdict "$SLIPWAY" plan "${1:-app.yml}"; }
build() { verdict "$SLIPWAY" build "$@" app.yml; }
verdict()
{
	local status=0
	"$@" >stdout 2>stderr || status=$?
	if [ "$status" -ne 0 ]; then echo refused
	elif grep -q "is built already" stderr; then echo kept
	elif grep -q '^slipway: building' stderr; then echo built
	else echo neither; fi
}
file() { mkdir -p "$(dirname "$1")"; cat >"$1"; }

# --- what is built, and when -----------------------------------------------------------------------

file web/Dockerfile <<'E'
FROM localhost/base
ARG WORD=default
COPY . /srv
RUN echo "$WORD" >/srv/word && rm -f /srv/nothing
CMD ["/bin/sh", "-c", "cat /srv/word"]
E
echo one >web/page
manifest '    image: ./web'
same "a path in place of an image is built" built "$(build --pull never)"
check "what the builder says is shown" grep -q '^STEP 4/5: RUN echo' stderr
first=$(image)
same "the same again is not built" kept "$(plan)"
check "and nothing of the builder is shown" sh -c '! grep -q STEP stderr'
same "and the same image is used" "$first" "$(image)"
touch -d 2001-01-01 web/page
same "times make no difference" kept "$(plan)"
echo two >web/page
same "other contents are built" built "$(plan)"
chmod 600 web/page
same "other permissions are built" built "$(plan)"
echo page >web/.dockerignore
same "a file is ignored from now on" built "$(plan)"
echo three >web/page
same "what is ignored makes no difference" kept "$(plan)"
ln -s page web/link
same "a link is built" built "$(plan)"
ln -sf other web/link
same "where a link leads makes a difference" built "$(plan)"
rm web/link
manifest $'    build:\n      context: web\n      args: {WORD: given}'
same "an argument is built" built "$(plan)"
same "--rebuild builds what is there" built "$(build --rebuild)"
check "without the builder's cache" sh -c '! grep -q "Using cache" stderr'
mv app.yml there.yml && mkdir -p elsewhere && sed 's#context: web#context: ../web#' there.yml >elsewhere/app.yml
check "paths are relative to the manifest" sh -c '"$SLIPWAY" build -q --output out elsewhere/app.yml 2>stderr'
mv there.yml app.yml

# The output of a build, and its lock, may lie in the context.
file own/Dockerfile <<'E'
FROM localhost/base
COPY . /srv
CMD ["/bin/sh"]
E
cat >own/app.yml <<E
${kernel}
services:
  - {name: web, image: ., restart: never}
E
(cd own && "$SLIPWAY" build -q app.yml >/dev/null && "$SLIPWAY" lock app.yml && "$SLIPWAY" build --locked app.yml >/dev/null 2>../stderr)
same "the build wrote into the context" app-initrd.img "$(cd own && ls app-initrd.img)"
check "outputs and the lock are no input" grep -q "is built already" stderr
sed -i 's/^RUN.*//; s/^CMD/RUN ls \/srv\nCMD/' own/Dockerfile
same "the Dockerfile looks around" built "$(plan own/app.yml)"
check "the builder does not see them either" sh -c '! grep -q "initrd\|app.lock" stderr && grep -q "^app.yml" stderr'

file stages/docker/Prod <<'E'
FROM localhost/base AS first
RUN echo first >/stage
FROM localhost/base AS second
RUN echo second >/stage
E
manifest $'    build: {context: stages, dockerfile: docker/Prod, target: first}\n    command: [/bin/cat, /stage]'
same "a stage, by another Dockerfile" built "$(plan)"
manifest $'    build: stages/docker/Prod\n    command: [/bin/cat, /stage]'
same "a Dockerfile in place of its directory" built "$(plan)"

# --- other builders --------------------------------------------------------------------------------

manifest $'    build: {context: web, args: {WORD: for-podman}}'
same "podman builds, too" built "$(build --builder podman)"
check "by itself" grep -q '^STEP' stderr
same "what one builder has built is kept by the other" kept "$(build --builder buildah)"
mkdir none
manifest $'    build: {context: web, args: {WORD: none}}'
PATH=$TEST_TMP/none "$SLIPWAY" plan app.yml >stdout 2>stderr
check "without any builder the error says what to install" grep -q "app.yml:5:12: services\[0\].build: no program is here that builds images; install buildah" stderr

# --- the lock --------------------------------------------------------------------------------------

manifest '    image: ./web'
: "$(plan)"
"$SLIPWAY" lock app.yml
check "the lock has the image" grep -q '^localhost/slipway-build:[0-9a-f]\{64\} sha256:' app.lock
same "--locked takes it" kept "$(build --locked)"
echo RUN true >>web/Dockerfile
same "--locked refuses other contents" refused "$(build --locked)"
check "without building them" sh -c '! grep -q STEP stderr && grep -q "app.yml:5:12: .*is not in the lock; run .slipway lock. first" stderr'
sed -i '$d' web/Dockerfile
sed -i 's/^\(localhost.*sha256:\)..../\10000/' app.lock
same "an image that is not that of the lock is refused" refused "$(plan)"
check "with both digests" grep -q "the build gives sha256:.*, and the lock has sha256:0000" stderr
rm app.lock

# --- errors ----------------------------------------------------------------------------------------

left() { ls -d app* ./slipway-build* /var/tmp/slipway-build* 2>/dev/null; "$SLIPWAY" image ls; }
# fails NAME PATTERN DOCKERFILE [OPTIONS]: one error at its place, status 1, the store and the directory as before.
fails()
{
	local name=$1 pattern=$2 status=0 before
	mkdir -p bad && printf '%s\n' "$3" >bad/Dockerfile
	shift 3
	manifest '    image: ./bad'
	before=$(left)
	"$SLIPWAY" build "$@" app.yml >stdout 2>stderr || status=$?
	tail -n 1 stderr >last
	if [ "$status" -ne 1 ] || [[ $(cat last) != $pattern ]]; then not_ok "$name" "status $status: $(cat last)"
	elif [ "$(left)" != "$before" ]; then not_ok "$name" "left something behind"
	else ok "$name"; fi
}
at="slipway: app.yml:5:12: services\[0\].build: "
fails "a step that fails" "$at'buildah' failed with status *exit status 7*" $'FROM localhost/base\nRUN echo its own words >&2; exit 7'
check "its own words are shown" grep -q 'its own words' stderr
fails "a step that fails, quietly" "$at'buildah' failed with status *exit status 7*" $'FROM localhost/base\nRUN echo its own words >&2; exit 7' -q
check "its own words are shown all the same" grep -q 'its own words' stderr
fails "an instruction that there is not" "$at'buildah' failed*NONSENSE*" $'FROM localhost/base\nNONSENSE x'
fails "a file that is not in the context" "$at'buildah' failed*nothere*" $'FROM localhost/base\nCOPY nothere /'
fails "a base image that is not here" "$at'buildah' failed*" 'FROM localhost/nothere' --pull never
fails "an unknown builder" "slipway: --builder: unknown builder 'biuldah'; did you mean 'buildah'?" 'FROM localhost/base' --builder biuldah
rm -r bad
manifest '    image: ./nothere'
same "a context that is not there" refused "$(plan)"
check "is named" grep -q "^${at}the context './nothere' is not a directory" stderr
mkdir empty; manifest '    image: ./empty'
same "a context without a Dockerfile" refused "$(plan)"
check "is named" grep -q "^${at}'./empty' has neither a Dockerfile nor a Containerfile" stderr

# --- an ordinary user ------------------------------------------------------------------------------

U=47121
# Its temporary files, where this test has an empty directory of its own.
chmod 1777 /var/tmp
rootless()
{
	mkdir etc user && cp /etc/passwd /etc/group etc/
	echo "slipway-user:x:$U:$U::$TEST_TMP/user:/bin/sh" >>etc/passwd
	echo "slipway-user:x:$U:" >>etc/group
	echo "slipway-user:5100000:65536" | tee etc/subuid >etc/subgid
	local file
	for file in passwd group subuid subgid; do
		[ -e "/etc/$file" ] || : >"/etc/$file"
		mount --bind "etc/$file" "/etc/$file" || return
	done
	mkdir -p "/run/user/$U"
	rm -f /etc/containers/storage.conf /etc/containers/containers.conf
	cp -r rootfs web user/ && echo 'FROM scratch' >user/Dockerfile && cp "$SLIPWAY" user/slipway
	sed -i 's#localhost/base#localhost/users#' user/web/Dockerfile
	printf '%s\nservices:\n  - {name: web, image: ./web, restart: never}\n' "$kernel" >user/app.yml
	cp -r "$PACKAGE_STORE" user/store
	chmod 711 "$TEST_TMP"
	chown -R "$U:$U" user "/run/user/$U"
}
as_user()
{
	(cd user && exec env HOME="$TEST_TMP/user" XDG_RUNTIME_DIR="/run/user/$U" TMPDIR="$TEST_TMP/user" USER=slipway-user SLIPWAY_STORE="$TEST_TMP/user/store" \
		setpriv --reuid "$U" --regid "$U" --clear-groups --inh-caps=-all "$@")
}
if ! command -v newuidmap >/dev/null || ! rootless || ! as_user unshare --user true 2>/dev/null; then
	echo "ok an ordinary user builds # SKIP may not make user namespaces here"
elif ! as_user buildah build --quiet --isolation chroot --tag localhost/users rootfs >base 2>&1; then
	echo "ok an ordinary user builds # SKIP buildah: $(tail -n 1 base)"
else
	as_user ./slipway build --init "$BUILD/libexec/slipway/init" app.yml >stdout 2>stderr || cat stderr
	check "an ordinary user builds" test -s user/app-initrd.img
fi
finish
