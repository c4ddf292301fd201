# SPDX-License-Identifier: Apache-2.0
# Dockerfiles built by Docker: a daemon of its own, with its default driver, and buildx of a newer release.
set -u
. "$TOP/tests/lib.sh"
. "$TOP/tests/conformance/lib-clients.sh"
. "$TOP/tests/functional/lib-programs.sh"
need busybox jq runc buildah
docker=$(programs_of "$(. /etc/os-release && echo "$VERSION_CODENAME")" docker.io containerd) && buildx=$(programs_of trixie docker-buildx) ||
	skip "Docker cannot be had from the archive"
private "$0"
container_settings
cd "$TEST_TMP" || exit 1
export SLIPWAY_STORE=$TEST_TMP/store DOCKER_HOST=unix://$TEST_TMP/docker.sock DOCKER_CONFIG=$TEST_TMP/config
cp -r "$PACKAGE_STORE" store || skip "no packages: run 'make packages' first"
mkdir -p config/cli-plugins && ln -s "$buildx/usr/libexec/docker/cli-plugins/docker-buildx" config/cli-plugins/
PATH=$docker/usr/bin:$docker/usr/sbin:$PATH

# In a network of its own: the daemon makes a bridge. With files in a directory each, since overlays of overlays are not everywhere.
unshare --net dockerd --iptables=false --ip6tables=false --storage-driver=vfs --data-root "$TEST_TMP/data" --exec-root "$TEST_TMP/exec" \
	--pidfile "$TEST_TMP/pid" --host "$DOCKER_HOST" > dockerd.log 2>&1 &
# within SECONDS COMMAND...: the first success ends it.
within() { local end=$((SECONDS + $1)); shift; until "$@" > /dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.2; done; }
check "a daemon runs" within 60 timeout 5 docker version
busybox_rootfs rootfs
check "a base image is made" sh -c 'tar -C rootfs -c . | docker import - local/base'

# build NAME [OPTIONS]: says what became of the Dockerfile; the rest is in `stdout` and `stderr`.
build()
{
	local status=0
	"$SLIPWAY" build --builder docker --pull missing -f kernel+initrd -o out "$@" > stdout 2> stderr || status=$?
	if [ "$status" -ne 0 ]; then echo refused
	elif grep -q "is built already" stderr; then echo kept
	elif grep -q '^slipway: building' stderr; then echo built
	else echo neither; tail -n 1 stderr | sed 's/^/# /' >&2; fi
}
# Of the image that was filed last: its config.
config() { "$SLIPWAY" image inspect "$("$SLIPWAY" image ls | awk '/slipway-build/ { print $1 }' | tail -n 1)"; }

mkdir web
cat > web/Dockerfile <<'END'
ARG BASE=local/nothing
FROM local/base AS first
RUN echo first > /stage
FROM ${BASE} AS last
ARG WORD=default
COPY --from=first /stage /stage
COPY . /srv
RUN echo "$WORD" > /srv/word
USER 7:8
HEALTHCHECK --interval=7s CMD ["/bin/true"]
STOPSIGNAL SIGINT
ENTRYPOINT cat /srv/word
END
echo page > web/page
echo secret > web/secret
echo secret > web/.dockerignore
cat > app.yml <<'END'
kernel: {image: slipway/kernel-debian, modules: []}
services:
  - name: web
    restart: never
    build: {context: web, target: last, args: {WORD: given, BASE: local/base}}
END
same "it builds" built "$(build app.yml)"
check "what it says is shown" grep -qF "RUN echo" stderr
same "the same again is not built" kept "$(build app.yml)"
same "nor by another builder" kept "$(build app.yml --builder buildah)"
echo other > web/page
same "other contents are" built "$(build app.yml)"
config > config.json
same "with what the Dockerfile says of it" '7:8 SIGINT ["/bin/sh","-c","cat /srv/word"]' \
	"$(jq -r '.config.config | "\(.User) \(.StopSignal) \(.Entrypoint | tojson)"' config.json)"
same "and how its health is asked for" '["CMD","/bin/true"] 7000000000' "$(jq -r '.config.config.Healthcheck | "\(.Test | tojson) \(.Interval)"' config.json)"
zstd -dcq out-initrd.img | cpio -it --quiet > files 2> /dev/null
same "which has the files of all its stages, and those that are not ignored" "srv/page srv/word stage" \
	"$(sed -n 's#.*/rootfs/\(stage\|srv/[a-z]*\)$#\1#p' files | sort | tr '\n' ' ' | sed 's/ $//')"
same "an argument that decides is built" built "$(sed -i 's/given/another/' app.yml; build app.yml)"

mkdir bad
printf 'FROM local/base\nRUN echo its own words >&2; exit 7\n' > bad/Dockerfile
same "a step that fails" refused "$(build bad)"
check "its own words are shown, and with what it ended" grep -q "its own words" stderr
check "with the Dockerfile's name" grep -q "^slipway: bad/Dockerfile: 'docker' failed with status 1: ERROR: .*exit code: 7" stderr
same "what it cannot do is refused" refused "$(build bad --pull never)"
check "with what can" grep -q "slipway: .*--pull never: 'docker' cannot be kept from pulling; use buildah or podman" stderr
kill "$(cat pid)"
check "the daemon ends" within 30 sh -c '! docker version'
same "without a daemon it fails" refused "$(build bad)"
check "and says so" grep -qi "cannot connect to the docker daemon" stderr
finish
