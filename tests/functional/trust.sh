#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Images signed by cosign 2 and cosign 3, in Debian's docker-registry: `slipway image verify` and `trust:` take them, and nothing
# that anybody made of them since. A build that was trusted once is trusted again without the network.
. "$TOP/tests/lib.sh"
. "$TOP/tests/functional/lib-registry.sh"
. "$TOP/tests/functional/lib-programs.sh"
need docker-registry skopeo openssl jq curl
C2=$(cosign_of trixie) && C3=$(cosign_of sid) || skip "there is no cosign of Debian trixie and sid to be had"
cd "$TEST_TMP" || exit 1
export HOME=$TEST_TMP/home XDG_RUNTIME_DIR=$TEST_TMP/run XDG_CONFIG_HOME=$TEST_TMP/home/.config TMPDIR=$TEST_TMP
unset REGISTRY_AUTH_FILE DOCKER_CONFIG SSL_CERT_FILE http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy
export SLIPWAY_PULL=missing COSIGN_PASSWORD= CONTAINERS_REGISTRIES_CONF=$TEST_TMP/registries.conf
mkdir -p "$HOME" "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME"
export SLIPWAY_STORE=$TEST_TMP/store
start_registry "$TEST_TMP/registry" || { not_ok "a registry starts"; finish; }
R=$registry
printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$R" >"$CONTAINERS_REGISTRIES_CONF"

quiet() { "$@" >log 2>&1 || { sed 's/^/# /' log; return 1; }; }
slipway() { timeout 120 "$SLIPWAY" "$@"; }
verify() { slipway image verify -q "$@" >out 2>said; }
# refused NAME WORDS COMMAND...: status 1, with one line that has the words
refused()
{
	local name=$1 words=$2 status=0
	shift 2
	"$@" || status=$?
	if [ $status -eq 1 ] && [ "$(wc -l <said)" -eq 1 ] && grep -qF -- "$words" said; then ok "$name"; return; fi
	not_ok "$name" "status $status, said: $(cat said)"
}

# --- keys, images, signatures -------------------------------------------------------------------

# Made by openssl, so that this script can sign what cosign would not.
new_key()
{
	openssl ecparam -name prime256v1 -genkey -noout -out "$1.pem" && openssl ec -in "$1.pem" -pubout -out "$1.pub" &&
		"$C3" import-key-pair --key "$1.pem" --output-key-prefix "$1"
}
quiet new_key release && quiet new_key other || { not_ok "keys are made"; finish; }

# image NAME CONTENT: a small image, in the registry alone
image()
{
	rm -rf root && mkdir root && echo "$2" >root/greeting
	slipway image import --store made --name "$R/$1" <(tar -C root --mtime=@0 -c .) >/dev/null
	slipway image push --store made -q "$R/$1" >/dev/null
}
digest_of() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$R/$1"; }
sign2() { quiet "$C2" sign --key "$1.key" --tlog-upload=false --allow-insecure-registry -y "${@:3}" "$R/$2"; }
sign3() { quiet "$C3" sign --key "$1.key" --use-signing-config=false --tlog-upload=false --allow-insecure-registry -y "$R/$2"; }

image two:v1 hello && image three:v1 hello && image none:v1 hello && image another:v1 another || { not_ok "images are made"; finish; }
D=$(digest_of two:v1) A=$(digest_of another:v1)
check "cosign 2 signs" sign2 release "two@$D"
check "cosign 3 signs" sign3 release "three@$D"
check "cosign 2 signs as a referrer" env COSIGN_EXPERIMENTAL=1 bash -c "$(declare -f quiet sign2); C2=$C2 R=$R
	$SLIPWAY image push --store made -q $R/two:v1 $R/refer:v1 >/dev/null && sign2 release refer@$D --registry-referrers-mode=oci-1-1"

for name in two three refer; do
	check "what is signed is verified: $name" verify --key release.pub "$R/$name:v1"
	same "and it is said by whom: $name" "$R/$name:v1 $D signed by 'release.pub'" "$(cat out)"
	check "again, without the network: $name" verify --pull never --key release.pub "$R/$name:v1"
	refused "by another key, it is not: $name" "it is not by 'other.pub'" verify --key other.pub "$R/$name:v1"
	check "one key of two is enough: $name" verify --key other.pub --key release.pub "$R/$name:v1"
done
check "a report for programs" verify --json --key release.pub "$R/two:v1" "$R/three:v1"
same "says all" "true simple $D $R/two|true bundle $D null" \
	"$(jq -r '[.images[] | "\(.trusted) \(.signature) \(.signed_digest) \(.signed_name)"] | join("|")' out)"
same "and the key, as others count it" "sha256:$(openssl pkey -pubin -in release.pub -outform DER | sha256sum | cut -d' ' -f1)" \
	"$(jq -r '.images[0].key_id' out)"
check_fails "a report of what is not signed" verify --json --key release.pub "$R/none:v1"
same "says so, too" "false true" "$(jq -r '.images[0] | "\(.trusted) \(.error | contains("not signed"))"' out)"
check "a gc keeps signatures of what is there" slipway image gc
check "so that they hold still" verify --pull never --key release.pub "$R/two:v1" "$R/three:v1"

# --- signatures go along ------------------------------------------------------------------------

first=$R
start_registry "$TEST_TMP/second" || not_ok "another registry starts"
R2=$registry R=$first
printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$R2" >>"$CONTAINERS_REGISTRIES_CONF"
copy() { slipway image copy --store carrying -q "$@" >out 2>said; }
verify_there() { verify --store fresh --key "$1" "$R2/$2"; }
cosign2() { quiet "$C2" verify --key release.pub --insecure-ignore-tlog --allow-insecure-registry "$@"; }
cosign3() { quiet "$C3" verify --key release.pub --insecure-ignore-tlog --use-signed-timestamps=false --allow-insecure-registry "$@"; }
for name in two three refer; do
	check "copied: $name" copy "$R/$name:v1" "$R2/$name:v1"
	check "it is verified there: $name" verify_there release.pub "$name:v1"
done
check "by cosign 2, too" cosign2 "$R2/two@$D"
check "by cosign 3, too" cosign3 "$R2/three@$D"
check "and as a referrer" env COSIGN_EXPERIMENTAL=1 "$C2" verify --key release.pub --insecure-ignore-tlog --allow-insecure-registry \
	--experimental-oci11 "$R2/refer@$D" 2>log >log
check "copied without" copy --no-signatures "$R/two:v1" "$R2/bare:v1"
refused "it is not signed" "it is not signed" verify_there release.pub bare:v1
check "what the store has goes along with a push" slipway image push --store carrying -q "$R/two:v1" "$R2/pushed:v1" >/dev/null
check "and is verified there" verify_there release.pub pushed:v1
check "copied inside of a registry" copy "$R/two:v1" "$R/both:v1"
check "signed by another, too" sign2 other "both@$D"
check "copied over it, that goes along" copy "$R/both:v1" "$R2/two:v1"
check "both are there" verify_there other.pub two:v1
check "and the first is still" verify_there release.pub two:v1
older=$(curl -fsS -H "Accept: application/vnd.oci.image.manifest.v1+json" "http://$R2/v2/two/manifests/sha256-${D#sha256:}.sig" | sha256sum)
check "an older one, pushed over it" copy "$R2/pushed:v1" "$R2/two:v1"
same "takes nothing away" "$older" "$(curl -fsS -H "Accept: application/vnd.oci.image.manifest.v1+json" "http://$R2/v2/two/manifests/sha256-${D#sha256:}.sig" | sha256sum)"
slipway image copy --store carrying -q --no-signatures "$R/two:v1" "$R2/mine:v1" >/dev/null
R=$R2 sign2 other "mine@$D"
refused "signatures that would be lost" "the registry has other signatures under 'sha256-${D#sha256:}.sig', which would be lost" copy "$R2/pushed:v1" "$R2/mine:v1"
check "of a referrer, the second joins the first" copy "$R2/refer:v1" "$R2/three:v1"
same "in the list" 2 "$(curl -fsS -H "Accept: application/vnd.oci.image.index.v1+json" "http://$R2/v2/three/manifests/sha256-${D#sha256:}" | jq '.manifests | length')"

# --- what anybody can do in a registry ----------------------------------------------------------

# Blobs are put where the registry keeps them, which is quicker than to upload them.
kept=registry/data/docker/registry/v2
data_of() { local hex; hex=$(sha256sum <"$1"); echo "$kept/blobs/sha256/${hex:0:2}/${hex%% *}/data"; }
# blob REPOSITORY FILE: prints "DIGEST SIZE"
blob()
{
	local data hex link
	data=$(data_of "$2") hex=${data%/data} hex=${hex##*/} link=$kept/repositories/$1/_layers/sha256/${hex##*/}
	mkdir -p "${data%/data}" "$link" && printf 'sha256:%s' "$hex" >"$link/link" || return 1
	[ -e "$data" ] || cp "$2" "$data"
	echo "sha256:$hex $(stat -c %s "$2")"
}
# document REPOSITORY TAG FILE [TYPE]
document()
{
	curl -fsS -X PUT -H "Content-Type: ${4:-application/vnd.oci.image.manifest.v1+json}" --data-binary "@$3" \
		"http://$R/v2/$1/manifests/$2" >/dev/null
}
get_document() { curl -fsS -H 'Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json' "http://$R/v2/$1/manifests/$2"; }
get_blob() { curl -fsS "http://$R/v2/$1/blobs/$2"; }
hex=${D#sha256:}
SIMPLE=application/vnd.dev.cosign.simplesigning.v1+json BUNDLE=application/vnd.dev.sigstore.bundle.v0.3+json
get_document two "sha256-$hex.sig" >good.sig
signature=$(jq -r '.layers[0].annotations["dev.cosignproject.cosign/signature"]' good.sig)
get_blob two "$(jq -r '.layers[0].digest' good.sig)" >good.payload
get_document three "sha256-$hex" | jq -r '.manifests[0].digest' >good.referrer
get_document three "$(cat good.referrer)" >good.bundle.manifest
get_blob three "$(jq -r '.layers[0].digest' good.bundle.manifest)" >good.bundle
printf '{}' >empty
blob none empty >/dev/null && cp -r "$kept/repositories/none" unsigned
base64_of_signature() { openssl dgst -sha256 -sign "$1.pem" "$2" | base64 -w 0; }

# repository NAME: a fresh one with the image
repository() { mkdir -p "$kept/repositories/bad" && cp -r unsigned "$kept/repositories/bad/$1"; }
# layer REPOSITORY FILE SIGNATURE [TYPE]: a JSON of a layer, uploaded
layer()
{
	local digest size
	read -r digest size < <(blob "bad/$1" "$2")
	jq -nc --arg d "$digest" --argjson s "$size" --arg g "$3" --arg t "${4:-$SIMPLE}" \
		'{mediaType:$t,digest:$d,size:$s} + (if $g == "" then {} else {annotations:{"dev.cosignproject.cosign/signature":$g}} end)'
}
empty_config='{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}'
# signed NAME LAYER...: the layers are the signatures of cosign's tag
signed()
{
	local name=$1
	shift
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s,"layers":[%s]}' \
		"$empty_config" "$(IFS=,; echo "$*")" >signed.json
	document "bad/$name" "sha256-$hex.sig" signed.json
}
# bundled NAME BUNDLE: the bundle is a referrer, listed as cosign lists it
bundled()
{
	local digest size
	read -r digest size < <(blob "bad/$1" "$2")
	jq -c --arg d "$digest" --argjson s "$size" '.layers[0].digest = $d | .layers[0].size = $s' good.bundle.manifest >bundle.json
	refer "$1" bundle.json
}
refer()
{
	digest=sha256:$(sha256sum <"$2" | cut -d' ' -f1)
	document "bad/$1" "$digest" "$2"
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%s","size":%d,"artifactType":"application/vnd.oci.empty.v1+json"}]}' \
		"$digest" "$(stat -c %s "$2")" >referrers.json
	document "bad/$1" "sha256-$hex" referrers.json application/vnd.oci.image.index.v1+json
}
bad() { verify --key release.pub "$R/bad/$1:v1"; }
# simple NAME WORDS PAYLOAD SIGNATURE [TYPE]
simple()
{
	local name; name=$(tr -cs a-z - <<<"${1,,}"); name=${name%-}
	repository "$name" && signed "$name" "$(layer "$name" "$3" "$4" "${5:-}")" || { not_ok "$1" "cannot be made"; return; }
	refused "$1" "$2" bad "$name"
}
bundle()
{
	local name; name=$(tr -cs a-z - <<<"${1,,}"); name=${name%-}
	repository "$name" && bundled "$name" "$3" || { not_ok "$1" "cannot be made"; return; }
	refused "$1" "$2" bad "$name"
}
# by the right key, whatever it says
payload() { printf '%s' "$1" >payload && base64_of_signature release payload; }

repository none
refused "no signature" "it is not signed: the store has no signature of '$D'" bad none
repository control && signed control "$(layer control good.payload "$signature")"
check "the same bytes, copied: what is refused below is refused for what was changed" bad control
repository control3 && bundled control3 good.bundle
check "and the bundle" bad control3

simple "signed by another key" "it is not by 'release.pub'" good.payload "$(base64_of_signature other good.payload)"
sed 's/cosign container/Cosign container/' good.payload >changed
simple "a payload changed after it was signed" "or what was signed has changed since" changed "$signature"
jq -c --arg d "$A" '.critical.image["docker-manifest-digest"] = $d' good.payload >changed
simple "a payload that names another image" "or what was signed has changed since" changed "$signature"
simple "a good signature of another image" "it is about another image, '$A'" changed "$(base64_of_signature release changed)"
simple "a signature cut short" "it is not by 'release.pub'" good.payload "$(base64 -d <<<"$signature" | head -c 40 | base64 -w 0)"
simple "a signature that is no base64" "the signature is not base64" good.payload "!!!!"
simple "a signature without end" "longer than one of P-256" good.payload "$(head -c 30000 /dev/zero | base64 -w 0)"
simple "a layer without a signature" "has no annotation 'dev.cosignproject.cosign/signature'" good.payload ""
simple "a layer of another type" "it is not signed" good.payload "$signature" text/plain
simple "keys that stand twice" "duplicate object key" payload \
	"$(payload '{"critical":{"identity":{},"image":{"docker-manifest-digest":"'"$A"'","docker-manifest-digest":"'"$D"'"},"type":"cosign container image signature"}}')"
simple "a signature for something else" 'expected '"'cosign container image signature'" payload \
	"$(payload '{"critical":{"identity":{},"image":{"docker-manifest-digest":"'"$D"'"},"type":"atomic container signature"}}')"
simple "a payload that is no JSON" "not JSON" payload "$(payload 'hello')"
simple "a payload without a digest" "critical.image.docker-manifest-digest: is missing" payload \
	"$(payload '{"critical":{"identity":{},"image":{},"type":"cosign container image signature"}}')"
head -c 70000 /dev/zero >large
simple "a payload without end" "at most 65536 are allowed" large "$(base64_of_signature release large)"

one=$(repository many >/dev/null; layer many good.payload "$(base64_of_signature other good.payload)")
mapfile -t thousand < <(yes "$one" | head -n 1000)
signed many "${thousand[@]}"
refused "a thousand signatures" "1000 items are more than the 512 allowed" bad many
repository crowd && signed crowd "${thousand[@]:0:511}" "$(layer crowd good.payload "$signature")"
check "bad ones hide no good one" bad crowd

# Not among the blobs that the store has already.
payload_of() { printf '{"critical":{"identity":{"docker-reference":""},"image":{"docker-manifest-digest":"%s"},"type":"cosign container image signature"},"optional":{"n":"%s"}}' "$D" "$1"; }
repository gone && signed gone "$(layer gone payload "$(payload "$(payload_of gone)")")"
rm "$(data_of payload)"
refused "a signature whose layer is gone" "the store has no signature of '$D'; and from a registry: cannot look for" bad gone
repository rotten && signed rotten "$(layer rotten payload "$(payload "$(payload_of rotten)")")"
sed -i s/rotten/ROTTEN/ "$(data_of payload)"
refused "a layer that the registry changed" "and from a registry: cannot look for signatures of '$D'" bad rotten
repository index
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}' >index.json
document bad/index "sha256-$hex.sig" index.json application/vnd.oci.image.index.v1+json
refused "an index where signatures should be" "it is not signed" bad index

# envelope PAYLOAD-FILE: a bundle with it, signed by the right key
envelope()
{
	{ printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(stat -c %s "$1")"; cat "$1"; } >encoded
	jq -c --arg p "$(base64 -w 0 <"$1")" --arg s "$(base64_of_signature release encoded)" \
		'.dsseEnvelope.payload = $p | .dsseEnvelope.signatures[0].sig = $s' good.bundle
}
jq -r .dsseEnvelope.payload good.bundle | base64 -d >good.statement
envelope good.statement >changed
repository enveloped && bundled enveloped changed
check "a bundle made by hand" bad enveloped
swapped=$(sed "s/$hex/${A#sha256:}/" good.statement | base64 -w 0)
jq -c --arg p "$swapped" '.dsseEnvelope.payload = $p' good.bundle >changed
bundle "a bundle with another payload" "or what was signed has changed since" changed
sed "s/$hex/${A#sha256:}/" good.statement >statement && envelope statement >changed
bundle "a bundle about another image" "it is about another image" changed
sed 's#https://sigstore.dev/cosign/sign/v1#https://slsa.dev/provenance/v1#' good.statement >statement && envelope statement >changed
bundle "a statement that the image was built, not that it is good" "statement: predicateType: expected 'https://sigstore.dev/cosign/sign/v1'" changed
sed 's#^{#{"_type":"https://in-toto.io/Statement/v1",#' good.statement >statement && envelope statement >changed
bundle "a statement with a key that stands twice" "duplicate object key" changed
jq -c '.dsseEnvelope.payloadType = "text/plain"' good.bundle >changed
bundle "a bundle with another type of payload" "dsseEnvelope.payloadType: expected 'application/vnd.in-toto+json'" changed
jq -c '.dsseEnvelope.signatures += .dsseEnvelope.signatures' good.bundle >changed
bundle "a bundle with two signatures" "2 items are more than the 1 allowed" changed
jq -c '.dsseEnvelope.signatures = []' good.bundle >changed
bundle "a bundle without one" "expected one signature, got none" changed
jq -c '.verificationMaterial = {certificate: {rawBytes: "AAAA"}}' good.bundle >changed
bundle "a bundle signed by a certificate" "the signature is by a certificate; only those by a key are supported" changed
jq -c '.mediaType = "application/vnd.dev.sigstore.bundle+json;version=0.1"' good.bundle >changed
bundle "a bundle of another version" "mediaType: expected '$BUNDLE'" changed
jq -c '.dsseEnvelope.payload = "%%%%"' good.bundle >changed
bundle "a bundle whose payload is no base64" "dsseEnvelope.payload: is not base64" changed
head -c 300 good.bundle >changed
bundle "a bundle cut short" "not JSON" changed
head -c 1100000 /dev/zero | tr '\0' ' ' | cat good.bundle - >changed
bundle "a bundle without end" "at most 1048576 are allowed" changed
quiet "$C3" attest --key release.key --use-signing-config=false --tlog-upload=false --allow-insecure-registry -y --type spdxjson \
	--predicate empty "$R/none@$D" || not_ok "cosign 3 attests"
refused "an attestation by the right key is no signature" "it is not signed" verify --key release.pub "$R/none:v1"

# --- keys that are none -------------------------------------------------------------------------

key() { refused "a key: $1" "$2" verify --pull never --key "$3" "$R/two:v1"; }
openssl genrsa 2048 2>/dev/null | openssl pkey -pubout -out rsa.pub
openssl ecparam -name secp384r1 -genkey -noout | openssl pkey -pubout -out p384.pub
openssl genpkey -algorithm ed25519 2>/dev/null | openssl pkey -pubout -out ed25519.pub
cat release.pub other.pub >both.pub
head -n 2 release.pub >cut.pub
key RSA "key 'rsa.pub': is a key of RSA; only ECDSA on P-256" rsa.pub
key P-384 "key 'p384.pub': is a key on the curve 'secp384r1'; only P-256" p384.pub
key Ed25519 "key 'ed25519.pub': is a key of ED25519" ed25519.pub
key "the private one" "key 'release.key': is a private key" release.key
key "of openssl" "key 'release.pem': is a private key" release.pem
key "two in one file" "key 'both.pub': holds more than one block" both.pub
key "half of one" "key 'cut.pub': is no PEM" cut.pub
key "a file that is not there" "key 'none.pub'" none.pub

# --- an index -----------------------------------------------------------------------------------

machine=$(jq -r .architecture <<<"$(skopeo inspect --tls-verify=false --config "docker://$R/two:v1")")
entry()
{
	printf '{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%s","size":%d,"platform":{"architecture":"%s","os":"linux"}}' \
		"$1" "$(get_document "$2" "$1" | wc -c)" "$3"
}
slipway image push --store made -q "$R/two:v1" "$R/multi:one" >/dev/null
# list TAG TEXT: an index with the image for this machine, and an annotation that tells one from another
list()
{
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s],"annotations":{"is":"%s"}}' \
		"$(entry "$D" multi "$machine")" "$2" >index.json
	document multi "$1" index.json application/vnd.oci.image.index.v1+json
}
list all first
I=sha256:$(get_document multi all | sha256sum | cut -d' ' -f1)
refused "an index that is not signed" "the store has no signature of '$I'" verify --key release.pub "$R/multi:all"
check "cosign 3 signs the index alone" sign3 release "multi@$I"
check "which vouches for the image it leads to" verify --key release.pub "$R/multi:all"
refused "but not for that image by itself" "it is not signed" verify --key release.pub "$R/multi@$D"

# --- a manifest ---------------------------------------------------------------------------------

# Nobody boots it: any bytes are a kernel to a build, and small ones make it quick.
mkdir kernel && echo kernel >kernel/kernel && tar -C kernel -cf kernel.tar .
for SLIPWAY_STORE in "$TEST_TMP/elsewhere" "$TEST_TMP/here"; do slipway image import --name slipway/kernel kernel.tar >/dev/null; done
mkdir project project/keys && cp release.pub project/keys/ && cp other.pub project/keys/
# manifest TRUST IMAGE
manifest() { printf 'kernel: {image: slipway/kernel, tar: none}\nservices:\n  - {name: app, image: "%s", command: [/x]}\n%s' "$2" "$1" >project/app.yml; }
rules()
{
	printf 'trust:\n  - {prefix: slipway, local: true}\n'
	printf '  - %s\n' "$@"
}
plan() { slipway plan "$@" project/app.yml >out 2>all; local status=$?; grep -v ' bytes  ' all >said; return $status; }
build() { rm -f image-*; slipway build -q -o image project/app.yml 2>said; }
manifest "$(rules "{prefix: $R/two, keys: [keys/release.pub]}")" "$R/two:v1"
check "a build with what is signed" build
check "is there" test -s image-initrd.img
cp image-initrd.img first
check "again, offline" env SLIPWAY_PULL=never bash -c "$(declare -f slipway build); SLIPWAY=$SLIPWAY; build"
check "the same bytes" cmp first image-initrd.img
manifest "$(rules "{prefix: $R, keys: [keys/other.pub]}")" "$R/two:v1"
refused "a build with what another signed" "slipway: project/app.yml:3:24: image '$R/two:v1' is not trusted (rule '$R'): its signature is not good" build
check_fails "leaves nothing" ls image-initrd.img
manifest "$(rules "{prefix: $R, keys: [keys/other.pub]}" "{prefix: $R/two, keys: [keys/other.pub, keys/release.pub]}")" "$R/two:v1"
check "the longest prefix counts" plan
manifest "$(rules "{prefix: $R/tw, insecure: true}")" "$R/two:v1"
refused "a prefix ends where a component does" "image '$R/two:v1' has no rule in 'trust'; add '- {prefix: $R/two, keys: [FILE]}'" plan
manifest "$(rules "{prefix: $R, keys: [keys/release.pub]}")" "$R/none:v1"
refused "what is not signed" "is not trusted (rule '$R'): it is not signed" plan
manifest "$(rules "{prefix: \"\", insecure: true}")" "$R/none:v1"
check "unless that is allowed" plan
manifest "$(rules "{prefix: $R, local: true}")" "$R/none:v1"
refused "what was pulled is not local" "it was pulled from a registry, and 'local' is only for what was made or imported here" plan
manifest "$(rules "{prefix: $R, local: true}")" "$R/another:v1"
refused "and what must be local is not pulled" "image '$R/another:v1' is not in the store" plan
manifest "$(rules "{prefix: $R, keys: [keys/none.pub]}")" "$R/two:v1"
refused "a key that is not there" "slipway: project/app.yml:6:" plan
manifest 'trust: []' "$R/two:v1"
refused "no rule is no trust" "image 'docker.io/slipway/kernel:latest' has no rule in 'trust'" plan
manifest 'trust: {org: [linuxkit]}' "$R/two:v1"
check "LinuxKit's own key is taken" plan
check "with a warning" grep -qF "trust has no effect: images are pinned by their digests" said
manifest "$(rules "{prefix: $R, keys: [keys/release.pub]}")" "$R/two:v1"
check "image verify reads the same rules" verify -f project/app.yml "$R/two:v1"
check_fails "and both ends of the choice are asked for" verify "$R/two:v1"

manifest "$(rules "{prefix: $R, keys: [keys/release.pub]}" "{prefix: \"localhost/slipway-build\", keys: [keys/release.pub]}")" "./web"
mkdir project/web && printf 'FROM scratch\n' >project/web/Dockerfile
refused "a Dockerfile, which brings in what nobody sees" "add '- {prefix: localhost/slipway-build, local: true}'" plan

# --- a lock -------------------------------------------------------------------------------------

lock_update() { slipway lock --update project/app.yml 2>all; local status=$?; grep -v ' bytes  ' all >said; return $status; }
manifest "$(rules "{prefix: $R, keys: [keys/release.pub]}")" "$R/multi:all"
check "a lock of a signed index" slipway lock project/app.yml
same "names the image and what was signed" "$R/multi:all $D $I" "$(grep multi project/app.lock)"
list all second
check "the tag has moved on, to what is not signed" plan --locked
export SLIPWAY_STORE=$TEST_TMP/elsewhere
check "the lock holds on another machine" plan --locked
refused "and without it, what the tag is now stops the build" "it is not signed" lock_update
check "offline, too" plan --locked --pull never

# --- garbage ------------------------------------------------------------------------------------

entries() { slipway image ls -q | grep -c 'sha256-'; }
check "signatures are entries of the store" test "$(entries)" -gt 0
slipway image ls -q | grep -F "$R/" | grep -v 'sha256-' | while read -r name; do slipway image rm "$name"; done
check "a gc" slipway image gc
same "takes them away with what they are about" 0 "$(entries)"
finish
