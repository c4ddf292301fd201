#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `slipway image pull` from Debian's docker-registry: anonymous, with a password, with TLS; images as skopeo, umoci, buildah and
# podman write them; indexes, mirrors, what is there already.
. "$TOP/tests/lib.sh"
. "$TOP/tests/functional/lib-registry.sh"
need docker-registry skopeo umoci buildah podman htpasswd openssl jq curl
cd "$TEST_TMP" || exit 1
export HOME=$TEST_TMP/home XDG_RUNTIME_DIR=$TEST_TMP/run XDG_CONFIG_HOME=$TEST_TMP/home/.config TMPDIR=$TEST_TMP
unset REGISTRY_AUTH_FILE DOCKER_CONFIG SSL_CERT_FILE http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy
mkdir -p "$HOME" "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME"
export CONTAINERS_REGISTRIES_CONF=$TEST_TMP/registries.conf
: >"$CONTAINERS_REGISTRIES_CONF"
S=$TEST_TMP/store

pull() { timeout 60 "$SLIPWAY" image pull -q --store "$S" "$@" 2>said || { local status=$?; sed 's/^/# /' said; return $status; }; }
# says NAME WORDS COMMAND...: fails with one line that has the words in it
says()
{
	local name=$1 words=$2 status=0
	shift 2
	"$@" >out || status=$?
	if [ $status -eq 1 ] && [ "$(wc -l <said)" -eq 1 ] && grep -qF -- "$words" said; then ok "$name"; return; fi
	not_ok "$name" "status $status, said: $(cat said)"
}
to() { skopeo --insecure-policy copy -q --dest-tls-verify=false "$@" >skopeo.log 2>&1 || { cat skopeo.log; return 1; }; }
digest_of() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$1"; }
# What the layers in the store hold under a name, as tar sees it.
holds()
{
	local layer
	rm -rf unpacked && mkdir unpacked
	for layer in $("$SLIPWAY" image inspect --store "$S" "$1" | jq -r '.manifest.layers[].digest'); do
		tar --no-same-owner -C unpacked -xf "$S/blobs/${layer/://}" || return 1
	done
	[ "$(cat unpacked/greeting)" = "$2" ]
}

start_registry "$TEST_TMP/plain" || { not_ok "a registry starts"; finish; }
plain=$registry

# --- images of others ---------------------------------------------------------------------------

mkdir -p root/etc
echo hello >root/greeting
head -c 300000 /dev/urandom >root/etc/noise
# add DIRECTORY TAG: another layer, of umoci
add()
{
	rm -rf bundle && umoci unpack --rootless --image "made:$2" bundle && cp -R "$1"/. bundle/rootfs/ &&
		umoci repack --image "made:$2" bundle
}
{ umoci init --layout made && umoci new --image made:one && add root one &&
	touch root/three && umoci new --image made:three && add root three && rm root/three; } >umoci.log 2>&1 ||
	{ cat umoci.log; not_ok "umoci makes an image"; finish; }

written_by()
{
	local writer=$1
	shift
	if ! "$@" >writer.log 2>&1; then not_ok "$writer writes an image" "$(tail -n 3 writer.log)"; return; fi
	check "pulled: $writer" pull --insecure "$plain" "$plain/by/$writer:v1"
	check "and it is what was pushed: $writer" holds "$plain/by/$writer:v1" hello
	same "with its digest: $writer" "$(digest_of "$plain/by/$writer:v1")" \
		"$("$SLIPWAY" image inspect --store "$S" "$plain/by/$writer:v1" | jq -r .digest)"
}
B=(--root "$TEST_TMP/containers" --runroot "$TEST_TMP/containers-run" --storage-driver vfs)
by_buildah()
{
	printf 'FROM scratch\nCOPY . /\n' >Containerfile
	buildah "${B[@]}" bud --isolation chroot -q -f Containerfile -t "$1" root && buildah "${B[@]}" push -q --tls-verify=false "$1" "docker://$1"
}
by_podman()
{
	tar -C root -c . | podman "${B[@]}" import -q - "$1" && podman "${B[@]}" push -q --tls-verify=false "$1" "docker://$1"
}
written_by umoci to oci:made:one "docker://$plain/by/umoci:v1"
written_by skopeo-docker to --format v2s2 oci:made:one "docker://$plain/by/skopeo-docker:v1"
plain_layers() { rm -rf flat && to --dest-decompress "oci:made:$2" dir:flat && to "${@:3}" dir:flat "docker://$1"; }
# Another image: skopeo takes a layer that the registry has already, however it is compressed.
written_by skopeo-zstd plain_layers "$plain/by/skopeo-zstd:v1" three --dest-compress-format zstd
same "its layer is one of zstd" 'application/vnd.oci.image.layer.v1.tar+zstd' \
	"$("$SLIPWAY" image inspect --store "$S" "$plain/by/skopeo-zstd:v1" | jq -r '.manifest.layers[0].mediaType')"
written_by skopeo-uncompressed plain_layers "$plain/by/skopeo-uncompressed:v1" one
if [ "$(id -u)" -eq 0 ]; then
	written_by buildah by_buildah "$plain/by/buildah:v1"
	written_by podman by_podman "$plain/by/podman:v1"
fi

# --- without TLS, only by name ------------------------------------------------------------------

says "a registry without TLS is refused" "--insecure" pull "$plain/by/umoci:v1"
printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$plain" >"$CONTAINERS_REGISTRIES_CONF"
check "and pulled from when registries.conf calls it insecure" pull "$plain/by/umoci:v1"
says "a tag that is not there" "status 404: MANIFEST_UNKNOWN" pull "$plain/by/umoci:v2"
says "a repository that is not there" "status 404" pull "$plain/nothing:v1"

# --- by digest ----------------------------------------------------------------------------------

digest=$(digest_of "$plain/by/umoci:v1")
check "by digest" pull "$plain/by/umoci@$digest"
check "by tag and digest" pull "$plain/by/umoci:v1@$digest"
says "a digest that is not there" "status 404" pull "$plain/by/umoci@sha256:$(printf '0%.0s' {1..64})"

# --- an index -----------------------------------------------------------------------------------

# entry REPOSITORY TAG ARCHITECTURE: a descriptor of what the registry has
entry()
{
	curl -fsS -H 'Accept: application/vnd.oci.image.manifest.v1+json' -o document "http://$plain/v2/$1/manifests/$2"
	printf '{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%d,"platform":{"architecture":"%s","os":"linux"}}' \
		"$(sha256sum <document | cut -d' ' -f1)" "$(stat -c %s document)" "$3"
}
echo other >root/greeting
{ umoci new --image made:two && umoci config --image made:two --architecture arm64 && add root two; } >umoci.log 2>&1 || cat umoci.log
to oci:made:one "docker://$plain/multi:one" && to oci:made:two "docker://$plain/multi:two"
machine=$(skopeo inspect --tls-verify=false --format '{{.Architecture}}' "docker://$plain/multi:one")
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s,%s]}' \
	"$(entry multi one "$machine")" "$(entry multi two arm64)" >index.json
curl -sS -X PUT -H 'Content-Type: application/vnd.oci.image.index.v1+json' --data-binary @index.json "http://$plain/v2/multi/manifests/all"
arm() { "$SLIPWAY" image inspect --store "$S" --platform linux/arm64 "$plain/multi:all"; }
check "of an index, this machine's platform" pull "$plain/multi:all"
same "is the right one" "$machine" "$("$SLIPWAY" image inspect --store "$S" "$plain/multi:all" | jq -r .config.architecture)"
check_fails "and no other" arm 2>/dev/null
check "another platform beside it" pull --platform linux/arm64 "$plain/multi:all"
same "is that" arm64 "$(arm | jq -r .config.architecture)"
says "a platform that is not there" "no image for 'linux/s390x'; there are: linux/$machine, linux/arm64" pull --platform linux/s390x "$plain/multi:all"
S=$TEST_TMP/all
check "all platforms" pull --platform all "$plain/multi:all"
same "are both there" arm64 "$(arm | jq -r .config.architecture)"
check "a gc keeps them" "$SLIPWAY" image gc --store "$S"
same "still" arm64 "$(arm | jq -r .config.architecture)"
S=$TEST_TMP/store

# --- what is there already, and parallel --------------------------------------------------------

pull_aloud() { "$SLIPWAY" image pull --store "$S" "$plain/by/umoci:v1" 2>&1 >/dev/null; }
check "what is there is not moved again" grep -q 'is there already' <<<"$(pull_aloud)"
check "no layer is moved" test -z "$(pull_aloud | grep 'done$')"
umoci new --image made:many >/dev/null
for i in 1 2 3 4 5 6 7 8; do
	rm -rf "part$i" && mkdir "part$i" && head -c $((i * 100000)) /dev/urandom >"part$i/file$i"
	add "part$i" many >umoci.log 2>&1 || cat umoci.log
done
to oci:made:many "docker://$plain/many:v1"
check "many layers, two at once" pull --parallel 2 "$plain/many:v1"
check "and all of them sound" test "$(ls "$S"/blobs/sha256 | wc -l)" -gt 10
for blob in "$S"/blobs/sha256/*; do
	[ "$(sha256sum <"$blob" | cut -d' ' -f1)" = "${blob##*/}" ] || not_ok "every blob has its digest" "$blob"
done

# --- passwords ----------------------------------------------------------------------------------

htpasswd -Bbn someone 'secret:word' >htpasswd 2>/dev/null
start_registry "$TEST_TMP/locked" "auth: {htpasswd: {realm: test, path: $TEST_TMP/htpasswd}}" || not_ok "a registry with passwords starts"
locked=$registry
auth=$(printf %s 'someone:secret:word' | base64)
to --dest-creds 'someone:secret:word' oci:made:one "docker://$locked/secret/one:v1"
says "without a password" "log in with 'podman login $locked'" pull --insecure "$locked" "$locked/secret/one:v1"
mkdir -p "$HOME/.docker" "$XDG_RUNTIME_DIR/containers"
printf '{"auths":{"%s":{"auth":"%s"}}}' "$locked" "$auth" >"$HOME/.docker/config.json"
check "with docker's config.json" pull --insecure "$locked" "$locked/secret/one:v1"
rm "$HOME/.docker/config.json"
podman login --authfile auth.json --tls-verify=false -u someone -p 'secret:word' "$locked" >/dev/null 2>&1 || not_ok "podman logs in"
check "with a file that podman login wrote" pull --authfile auth.json --insecure "$locked" "$locked/secret/one:v1"
printf '{"auths":{"%s":{"auth":"%s"},"%s/secret":{"auth":"%s"}}}' "$locked" "$(printf x:y | base64)" "$locked" "$auth" \
	>"$XDG_RUNTIME_DIR/containers/auth.json"
check "with the password of a part of the registry" pull --insecure "$locked" "$locked/secret/one:v1"
printf '{"auths":{"%s":{"auth":"%s"}}}' "$locked" "$(printf x:y | base64)" >"$XDG_RUNTIME_DIR/containers/auth.json"
says "with a wrong password" "access denied" pull --insecure "$locked" "$locked/secret/one:v1"
check_fails "which is in no message" grep -q "$(printf x:y | base64)" said
mkdir bin
cat >bin/docker-credential-test <<'HELPER'
#!/bin/sh
read -r host
case $1:$host in
get:127.0.0.1:*) echo '{"ServerURL":"'"$host"'","Username":"someone","Secret":"secret:word"}' ;;
*) echo 'credentials not found in native keychain'; exit 1 ;;
esac
HELPER
chmod +x bin/docker-credential-test
printf '{"auths":{"%s":{}},"credsStore":"test"}' "$locked" >"$XDG_RUNTIME_DIR/containers/auth.json"
PATH=$PWD/bin:$PATH check "with a credential helper" pull --insecure "$locked" "$locked/secret/one:v1"
printf '{"credHelpers":{"%s":"missing"}}' "$locked" >"$XDG_RUNTIME_DIR/containers/auth.json"
says "a helper that is missing" "cannot run 'docker-credential-missing'" pull --insecure "$locked" "$locked/secret/one:v1"
printf '{"auths":{"%s":{"auth":"!"}}}' "$locked" >"$XDG_RUNTIME_DIR/containers/auth.json"
says "a file that makes no sense" "is not the base64 of 'user:password'" pull --insecure "$locked" "$locked/secret/one:v1"
rm "$XDG_RUNTIME_DIR/containers/auth.json"

# --- TLS ----------------------------------------------------------------------------------------

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -subj /CN=test-ca -days 2 >/dev/null 2>&1
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key -out tls.csr -subj /CN=127.0.0.1 >/dev/null 2>&1
openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out tls.crt \
	-extfile <(echo subjectAltName=IP:127.0.0.1) >/dev/null 2>&1
start_registry "$TEST_TMP/tls" "  tls: {certificate: $TEST_TMP/tls.crt, key: $TEST_TMP/tls.key}" || not_ok "a registry with TLS starts"
tls=$registry
to oci:made:one "docker://$tls/one:v1"
says "a certificate that nobody vouches for" "certificate" pull "$tls/one:v1"
mkdir -p "certs/$tls" && cp ca.crt "certs/$tls/"
check "with its CA, named" pull --cert-dir certs "$tls/one:v1"
mkdir -p "$XDG_CONFIG_HOME/containers/certs.d/$tls" && cp ca.crt "$XDG_CONFIG_HOME/containers/certs.d/$tls/"
check "with its CA in containers/certs.d" pull "$tls/one:v1"
rm -r "$XDG_CONFIG_HOME/containers/certs.d"
SSL_CERT_FILE=$PWD/ca.crt check "with its CA in SSL_CERT_FILE" pull "$tls/one:v1"
says "a certificate for another name" "no alternative certificate subject name" env SSL_CERT_FILE="$PWD/ca.crt" \
	bash -c 'timeout 60 "$0" image pull -q --store "$1" "$2" 2>said' "$SLIPWAY" "$S" "localhost:${tls#*:}/one:v1"
check "any certificate, when named as insecure" pull --insecure "$tls" "$tls/one:v1"

# --- mirrors ------------------------------------------------------------------------------------

cat >"$CONTAINERS_REGISTRIES_CONF" <<CONF
[[registry]]
prefix = "example.invalid"
location = "$plain"
insecure = true
[[registry.mirror]]
location = "127.0.0.1:1/nobody"
insecure = true
[[registry.mirror]]
location = "$plain/by"
insecure = true
CONF
check "from a mirror, when another is away" pull example.invalid/umoci:v1
check "and is filed under its own name" grep -q '^example.invalid/umoci:v1$' <("$SLIPWAY" image ls -q --store "$S")
check "from the registry, when no mirror has it" pull example.invalid/multi:one
says "nowhere: both are told" "(and before that, 127.0.0.1:1" pull example.invalid/none:v1

finish
