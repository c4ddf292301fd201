#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A registry that does everything wrong (hostile-registry.c): each case ends in one line that says what is wrong, within bounded time
# and memory, and the store is as it was. A case is a directory of responses, byte for byte.
. "$TOP/tests/lib.sh"
need gcc jq zstd openssl
cd "$TEST_TMP" || exit 1
export HOME=$TEST_TMP/home CONTAINERS_REGISTRIES_CONF=$TEST_TMP/registries.conf TMPDIR=$TEST_TMP
unset XDG_RUNTIME_DIR XDG_CONFIG_HOME REGISTRY_AUTH_FILE DOCKER_CONFIG SSL_CERT_FILE http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy
SECONDS_MAX=${SECONDS_MAX:-100} MEMORY_MAX=$((1 << 20)) # kilobytes of address space
gcc -std=gnu11 -D_GNU_SOURCE -O1 -w -o server "$TOP/tests/functional/hostile-registry.c" || { not_ok "the server compiles"; finish; }
mkdir -p cases home
: >registries.conf
exec 3< <(exec ./server cases)
server=$!
trap 'kill $server 2>/dev/null' EXIT
read -r port <&3
H=127.0.0.1:$port
S=$TEST_TMP/store

# --- what cases are made of -------------------------------------------------------------------------

INDEX=application/vnd.oci.image.index.v1+json MANIFEST=application/vnd.oci.image.manifest.v1+json
CONFIG=application/vnd.oci.image.config.v1+json LAYER=application/vnd.oci.image.layer.v1.tar
hex() { sha256sum "$1" | cut -d' ' -f1; }
size() { stat -c %s "$1"; }
# response KIND STATUS FILE [HEADER...]: the whole response, into the case
response()
{
	local kind=$1 status=$2 file=$3
	shift 3
	{ printf 'HTTP/1.1 %s X\r\n' "$status"; printf '%s\r\n' "$@" "Connection: close" "Content-Length: $(size "$file")" ''; cat "$file"; } >"cases/$name/$kind"
}
# manifest FILE [TYPE]
manifest() { response manifest 200 "$1" "Content-Type: ${2:-$MANIFEST}"; }
text() { printf '%s' "$1" >text; manifest text "${2:-$MANIFEST}"; }
# raw KIND PRINTF-FORMAT
raw() { printf "$2" >"cases/$name/$1"; }
head_of() { printf 'HTTP/1.1 200 X\r\nConnection: close\r\n%b\r\n' "$1"; }
# image LAYER [DIFF-ID]: a good image of that layer, in the case
image()
{
	local layer=$1 diff=${2:-}
	[ -n "$diff" ] || diff=$( (zstd -dcq "$layer" || gzip -dc "$layer" || cat "$layer") 2>/dev/null | sha256sum | cut -d' ' -f1)
	L=$(hex "$layer") LS=$(size "$layer")
	printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:%s"]},"config":{}}' "$diff" >config.json
	C=$(hex config.json) CS=$(size config.json)
	response "$L" 200 "$layer"
	response "$C" 200 config.json
	printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"sha256:%s","size":%d},"layers":[{"mediaType":"%s+gzip","digest":"sha256:%s","size":%d}]}' \
		"$MANIFEST" "$CONFIG" "$C" "$CS" "$LAYER" "$L" "$LS" >manifest.json
	manifest manifest.json
	echo "$L $LS $C $CS" >"cases/$name/values"
	cp manifest.json config.json "cases/$name"
}
# edit SED: the manifest of image(), changed
edit() { sed "$1" manifest.json >edited.json; manifest edited.json; }

names=() says=() options=()
# case_ NAME WORDS [OPTION...]: begins a case, which must end with these words
case_()
{
	name=$1
	names+=("$1") says+=("$2")
	shift 2
	options+=("$*")
	is good
}
# is BASE: the case begins as a copy of another
is()
{
	rm -rf "cases/$name" && cp -R "cases/$1" "cases/$name"
	rm -f "cases/$name"/*.count "cases/$name/requests"
	read -r L LS C CS <"cases/$name/values"
	cp "cases/$name/manifest.json" "cases/$name/config.json" .
}

mkdir -p root/dir && echo hello >root/dir/file && head -c 200000 /dev/urandom >root/noise
tar -C root -c . | gzip -n >good.tgz
name=good && mkdir cases/good && image good.tgz
P=(--store "$S" --insecure "$H" --platform linux/amd64)
pull() { "$SLIPWAY" image pull -q "$@" >/dev/null; }
check "a good image is pulled" pull "${P[@]}" "$H/good:v1"
before=$("$SLIPWAY" image ls --store "$S")
GOOD_LAYER=$L

# --- manifests ---------------------------------------------------------------------------------------

case_ not-found "status 404"; rm cases/$name/manifest
printf '{"errors":[{"code":"UNAVAILABLE","message":"no\\u001b[31m colour"}]}' >text
case_ server-error "status 503: UNAVAILABLE: no?[31m colour"; response manifest 503 text
case_ too-many-requests "status 429"; response manifest 429 /dev/null "Retry-After: 1"
case_ wait-a-week "asks to wait 604800 seconds"; response manifest 429 /dev/null "Retry-After: 604800"
case_ wait-till-doomsday "asks to wait"; response manifest 503 /dev/null "Retry-After: Fri, 31 Dec 2100 23:59:59 GMT"
case_ teapot "status 418"; response manifest 418 /dev/null
case_ not-json "not JSON"; text 'hello'
case_ empty "not JSON"; manifest /dev/null
case_ html "media type 'text/html' is not that of an image"; text '<html>' text/html
case_ schema-1 "schema 1"; text '{}' application/vnd.docker.distribution.manifest.v1+prettyjws
case_ schema-1-hidden "schema 1"; text '{"schemaVersion":1,"fsLayers":[]}' application/json
case_ both "belongs in an image index"; edit 's/"config"/"manifests":[],&/'
case_ index-called-manifest "belongs in an image index"; text '{"schemaVersion":2,"manifests":[]}'
case_ manifest-called-index "expected 'application/vnd.oci.image.index.v1+json'"; manifest manifest.json $INDEX
case_ duplicate-keys "duplicate object key"; edit 's/"config"/"layers":[],&/'
case_ depth-bomb "not JSON"; { head -c 100000 /dev/zero | tr '\0' '['; } >text; manifest text
case_ depth-bomb-inside "not JSON"; { printf '{"a":'; head -c 2000000 /dev/zero | tr '\0' '{'; } >text; manifest text
case_ endless-document "more than the 4194304 bytes"; { echo '!endless'; head_of "Content-Type: $MANIFEST\r\n"; printf '{"schemaVersion":2,\n%65536s\n' ' '; } >cases/$name/manifest
case_ nul "NUL"; edit 's/vnd.oci.image.config/a\\u0000b/'
case_ negative-size "size"; edit 's/"size":[0-9]*/"size":-1/'
case_ huge-size "size"; edit 's/"size":[0-9]*/"size":9223372036854775808/'
case_ real-size "size"; edit 's/"size":[0-9]*/"size":1e3/'
case_ digest-is-a-path "digest"; edit 's/sha256:[0-9a-f]*/..\/..\/index.json/'
case_ digest-of-md5 "digest"; edit 's/sha256:[0-9a-f]*/md5:d41d8cd98f00b204e9800998ecf8427e/'
case_ digest-short "digest"; edit 's/sha256:[0-9a-f]*/sha256:0123/'
case_ digest-upper-case "digest"; edit 's/sha256:[0-9a-f]*/sha256:0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF/'
case_ too-many-layers "more than the 512 allowed"; edit "s/\"layers\":\[\(.*\)\]/\"layers\":[$(for ((i = 0; i < 512; i++)); do printf '\\1,'; done)\1]/"
case_ million-entries "more than"; { printf '{"schemaVersion":2,"manifests":['; yes '1,' | head -n 1000000 | tr -d '\n'; printf '1]}'; } >text; manifest text $INDEX
case_ no-config "config"; edit 's/"config":{[^}]*},//'
case_ strange-config "not a container image"; edit 's/vnd.oci.image.config.v1+json/vnd.cncf.helm.config.v1+json/'
case_ foreign-layer "foreign layer"; edit 's/vnd.oci.image.layer.v1.tar+gzip/vnd.docker.image.rootfs.foreign.diff.tar.gzip/'
case_ strange-layer "unknown media type"; edit 's/vnd.oci.image.layer.v1.tar+gzip/vnd.oci.image.layer.v1.tar+brotli/'
case_ more-layers-than-diff-ids "2 layers, but the config has 1"; edit 's/"layers":\[\(.*\)\]/"layers":[\1,\1]/'
case_ header-says-other-digest "but the registry calls it"; response manifest 200 manifest.json "Content-Type: $MANIFEST" "Docker-Content-Digest: sha256:$(printf '0%.0s' {1..64})"
case_ by-digest "expected 'sha256:0000"; by_digest=$name

# --- indexes -----------------------------------------------------------------------------------------

entry() { printf '{"mediaType":"%s","digest":"sha256:%s","size":%d,"platform":{"os":"linux","architecture":"amd64"}}' "$1" "$2" "$3"; }
index() { text "{\"schemaVersion\":2,\"manifests\":[$1]}" $INDEX; }
case_ empty-index "the index is empty"; index ""
case_ other-platforms "no image for 'linux/amd64'; there are: plan9/mips"; index "$(entry $MANIFEST "$(hex manifest.json)" 1 | sed 's/"linux"/"plan9"/; s/amd64/mips/')"
case_ child-of-other-digest "expected 'sha256:"; cp cases/$name/manifest cases/$name/manifest.2; index "$(entry $MANIFEST "$(hex good.tgz)" "$(size manifest.json)")"; mv cases/$name/manifest cases/$name/manifest.1
case_ child-of-other-size "bytes, expected 7"; cp cases/$name/manifest cases/$name/manifest.2; index "$(entry $MANIFEST "$(hex manifest.json)" 7)"; mv cases/$name/manifest cases/$name/manifest.1
case_ child-too-large "at most 4194304 are allowed"; index "$(entry $MANIFEST "$(hex manifest.json)" 5000000)"
case_ nested "nested more than 8 deep"
cp manifest.json below
for i in 12 11 10 9 8 7 6 5 4 3 2 1; do
	text "{\"schemaVersion\":2,\"mediaType\":\"$INDEX\",\"manifests\":[$(entry "$(jq -r .mediaType below)" "$(hex below)" "$(size below)")]}" $INDEX
	cp text below; mv cases/$name/manifest cases/$name/manifest.$i
done

# A layer that is not in the store, which none of these may change.
head -c 200000 /dev/urandom >root/noise
tar -C root -c . | gzip -n >other.tgz
name=other && mkdir cases/other && image other.tgz
other() { is other; }

# --- configs -----------------------------------------------------------------------------------------

case_ config-is-away "status 404"; other; rm "cases/$name/$C"
case_ config-of-other-digest "the bytes have digest"; other; tr h H <config.json >text; tr l L <text >wrong; response "$C" 200 wrong
case_ config-too-large "at most 4194304"; edit "s/$C\",\"size\":[0-9]*/$C\",\"size\":5000000/"
printf 'not json' >text
case_ config-not-json "not JSON"; X=$(hex text); response "$X" 200 text; edit "s/$C\",\"size\":[0-9]*/$X\",\"size\":8/"
printf '{"architecture":"s390x","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$GOOD_LAYER" >text
case_ config-of-other-platform "is for 'linux/s390x'"; X=$(hex text); response "$X" 200 text; edit "s/$C\",\"size\":[0-9]*/$X\",\"size\":$(size text)/"

# --- layers: bytes -----------------------------------------------------------------------------------

case_ layer-away "status 404"; other; rm "cases/$name/$L"
case_ layer-of-other-digest "the bytes have digest"; other; { head -c -1 other.tgz; printf x; } >wrong; response "$L" 200 wrong
case_ layer-short "bytes, expected"; other; head -c -1 other.tgz >wrong; response "$L" 200 wrong
case_ layer-long "bytes, expected"; other; { cat other.tgz; printf x; } >wrong; response "$L" 200 wrong
case_ layer-breaks-off "ended after 1000 of"; other; { head_of ''; head -c 1000 other.tgz; } >"cases/$name/$L"
case_ layer-breaks-off-early "transfer closed"; other; { head_of "Content-Length: $LS\r\n"; head -c 1000 other.tgz; } >"cases/$name/$L"
case_ layer-endless "more than the"; other; { echo '!endless'; head_of ''; cat other.tgz; printf '\n%65536s\n' ' '; } >"cases/$name/$L"
case_ layer-chunks-break "transfer closed"; other; { head_of 'Transfer-Encoding: chunked\r\n'; printf '10\r\n0123456789abcdef\r\n10\r\n0123456789abcde\n'; } >"cases/$name/$L"
case_ layer-bad-chunks "chunk"; other; { head_of 'Transfer-Encoding: chunked\r\n'; printf 'zz\r\nhello'; } >"cases/$name/$L"
case_ layer-slow "too slow"; other; { echo '!slow-body'; head_of "Content-Length: $LS\r\n"; cat other.tgz; } >"cases/$name/$L"
case_ layer-hangs "too slow"; other; { echo '!hang'; head_of "Content-Length: $LS\r\n"; head -c 1000 other.tgz; } >"cases/$name/$L"
case_ layer-reset "127.0.0.1"; other; { echo '!reset'; head_of "Content-Length: $LS\r\n"; head -c 1000 other.tgz; } >"cases/$name/$L"
part() { head_of "Content-Length: $LS\r\n"; head -c 1000 other.tgz; }
# resumed RANGE: what comes at the second time
resumed() { other; part >"cases/$name/$L.1"; { printf 'HTTP/1.1 206 X\r\nConnection: close\r\n%b\r\n' "$1"; tail -c +1001 other.tgz; } >"cases/$name/$L.2"; }
case_ resumed-without-range "without 'Content-Range"; resumed ''
case_ resumed-elsewhere "is not the part that was asked for"; resumed 'Content-Range: bytes 0-999/1000\r\n'
case_ resumed-of-other-size "is not the part that was asked for"; resumed "Content-Range: bytes 1000-$((LS))/$((LS + 1))\r\n"; resumed "Content-Range: bytes 1000-$((LS))/$((LS + 1))\r\n"
case_ resumed-nonsense "cannot be read"; resumed 'Content-Range: bytes one-two/three\r\n'
case_ a-part-unasked "where all of it was asked for"; other; { printf 'HTTP/1.1 206 X\r\nConnection: close\r\nContent-Range: bytes 0-%d/%d\r\n\r\n' $((LS - 1)) "$LS"; cat other.tgz; } >"cases/$name/$L"
case_ layer-no-content "status 204"; other; response "$L" 204 /dev/null

# --- layers: what is in them -------------------------------------------------------------------------

zeros=$(printf '0%.0s' {1..64})
case_ other-diff-id "but its diff_id is"; other; image other.tgz "$zeros"
case_ not-a-tar "not a tar"; head -c 5000 /dev/urandom | gzip -n >x; image x
case_ broken-gzip "gzip"; other; head -c 3000 other.tgz >x; image x "$zeros"
case_ truncated-tar "damaged tar"; tar -C root -c . | head -c 100000 | gzip -n >x; image x
case_ xz "compressed with xz"; tar -C root -c dir | xz >x; image x "$zeros"
case_ no-bytes "empty, not a tar"; : >x; image x "$zeros"
case_ path-escape "leads outside of the root"; tar -C root -c --transform 's,^,../../,' -P dir/file | gzip -n >x; image x
ln root/dir/file root/dir/link
case_ hard-link-escape "outside of the root"; tar -C root -c --transform 's,^dir/file,../../etc/passwd,Rh;s,dir/file,../../etc/passwd,h' -P dir | gzip -n >x; image x
bombs()
{
	# Of 3 GiB, in many members (of gzip) and frames (of zstd).
	truncate -s 3G sparse && tar -c sparse 2>/dev/null | head -c 512 >begin && rm sparse
	head -c 64M /dev/zero | tee >(gzip -n9 >zeros.gz) | zstd -q -1 >zeros.zst
	sleep 1
	bomb() { "$1" <begin; for ((i = 0; i < 48; i++)); do cat "zeros.$2"; done; }
	case_ zstd-bomb "a bomb"; bomb zstd zst >x; image x "$zeros"
	case_ gzip-bomb "a bomb"; bomb gzip gz >x; image x "$zeros"
	case_ millions-of-entries "entries"; : >tiny; tar -c tiny | head -c 512 >one; for ((i = 0; i < 17; i++)); do cat one one >two; mv two one; done
	zstd -q -3 <one >many; for ((i = 0; i < 16; i++)); do cat many; done >x; image x "$zeros"
}
bombs

# --- redirects ---------------------------------------------------------------------------------------

redirect() { raw "${2:-manifest}" "HTTP/1.1 307 X\r\nConnection: close\r\nContent-Length: 0\r\n$1\r\n"; }
case_ redirect-loop "more than 8 redirects"; redirect "Location: /v2/$name/manifests/v1\r\n"
case_ redirect-to-file "has no TLS"; redirect 'Location: file:///etc/passwd\r\n'
case_ redirect-to-ftp "has no TLS"; redirect 'Location: ftp://127.0.0.1/x\r\n'
case_ redirect-nowhere "does not say where to"; redirect ''
case_ redirect-to-the-closed "127.0.0.1:1"; redirect 'Location: http://127.0.0.1:1/x\r\n'
case_ redirect-of-layer-loop "more than 8 redirects"; other; redirect "Location: /v2/$name/blobs/sha256:$L\r\n" "$L"

# --- passwords ---------------------------------------------------------------------------------------

printf '{"auths":{"%s":{"auth":"%s"}}}' "$H" "$(printf user:secret | base64)" >auth.json
# wants CHALLENGE
wants() { raw manifest "HTTP/1.1 401 X\r\nConnection: close\r\nContent-Length: 0\r\n${1:+WWW-Authenticate: $1\r\n}\r\n"; }
token() { response token 200 "$1" "Content-Type: application/json"; }
printf '{"token":"abc"}' >good-token
case_ always-401 "access denied"; wants "Bearer realm=\"http://$H/token/$name\""; token good-token
case_ 401-without-a-challenge "no way to authenticate"; wants ''
case_ strange-challenge "no way to authenticate"; wants 'Negotiate'
case_ broken-challenge "cannot be read"; wants 'Bearer realm="open'
case_ challenge-bomb "more than 32 parameters"; { printf 'HTTP/1.1 401 X\r\nConnection: close\r\nWWW-Authenticate: Bearer '; yes 'a=b,' | head -n 9000 | tr -d '\n'; printf '\r\n\r\n'; } >cases/$name/manifest
case_ basic-nobody "podman login"; wants 'Basic realm="x"'
case_ basic-refused "access denied" --authfile auth.json; wants 'Basic realm="x"'
case_ token-not-json "not JSON"; wants "Bearer realm=\"http://$H/token/$name\""; printf '<html>' >text; token text
case_ token-none "gave no token"; wants "Bearer realm=\"http://$H/token/$name\""; printf '{}' >text; token text
case_ token-with-a-line "no header may hold"; wants "Bearer realm=\"http://$H/token/$name\""; printf '{"token":"a\\r\\nX: y"}' >text; token text
case_ token-endless "more than the"; wants "Bearer realm=\"http://$H/token/$name\""; { echo '!endless'; head_of ''; printf '{"a":\n%1000s\n' ' '; } >cases/$name/token
case_ token-refused "access denied"; wants "Bearer realm=\"http://$H/token/$name\""; response token 401 /dev/null
case_ token-elsewhere-without-tls "has no TLS" --authfile auth.json; wants "Bearer realm=\"http://127.0.0.1:1/token/$name\""
case_ token-of-no-server "is no token server"; wants 'Bearer realm="file:///etc/passwd"'

# --- HTTP itself -------------------------------------------------------------------------------------

case_ header-bomb "bytes of headers"; { echo '!endless'; printf 'HTTP/1.1 200 X\r\nX-A: b\r\n'; } >cases/$name/manifest
case_ long-header "a header is too long"; { printf 'HTTP/1.1 200 X\r\nX-A: '; head -c 1000000 /dev/zero | tr '\0' a; printf '\r\n\r\n'; } >cases/$name/manifest
case_ not-http "HTTP/0.9"; raw manifest 'SSH-2.0-OpenSSH_9.2\r\n'
case_ says-nothing "mpty reply"; : >cases/$name/manifest
case_ hangs "too slow"; echo '!hang' >cases/$name/manifest
case_ slow-headers "too slow"; { echo '!slow'; head_of "X-A: $(head -c 5000 /dev/zero | tr '\0' a)\r\n"; } >cases/$name/manifest
case_ endless-100 "bytes of headers"; yes 'HTTP/1.1 100 X' | head -n 10000 | sed 's/$/\r\n\r/' >cases/$name/manifest
case_ closes-at-once "127.0.0.1"; echo '!reset' >cases/$name/manifest

# --- all of them, six at a time ----------------------------------------------------------------------

run_case()
{
	local n=$1 reference=$H/${names[$1]}:v1 begin=$SECONDS
	[ "${names[$n]}" != "$by_digest" ] || reference=$H/$by_digest@sha256:$zeros
	# shellcheck disable=SC2086
	(ulimit -v $MEMORY_MAX; exec timeout "$SECONDS_MAX" "$SLIPWAY" image pull -q "${P[@]}" --timeout 3 --attempts 2 ${options[$n]} "$reference") >"said.$n" 2>&1
	echo "$? $((SECONDS - begin))" >"status.$n"
}
for n in "${!names[@]}"; do
	while [ "$(jobs -rp | wc -l)" -ge 7 ]; do wait -n; done # the server is one of them
	run_case "$n" &
done
for job in $(jobs -rp); do [ "$job" = "$server" ] || wait "$job"; done
for n in "${!names[@]}"; do
	read -r status seconds <"status.$n"
	if [ "$status" = 1 ] && [ "$(wc -l <"said.$n")" = 1 ] && grep -qF -- "${says[$n]}" "said.$n"; then
		ok "${names[$n]}"
	else
		not_ok "${names[$n]}" "expected '${says[$n]}', got status $status after $seconds s: $(head -c 1000 "said.$n")"
	fi
done
echo "# ${#names[@]} cases"
check "there are at least 60" test "${#names[@]}" -ge 60
same "no name was added or lost" "$before" "$("$SLIPWAY" image ls --store "$S")"
same "nothing half-written is left" "" "$(ls "$S/.slipway/tmp")"
for blob in "$S"/blobs/sha256/*; do
	[ "$(hex "$blob")" = "${blob##*/}" ] || not_ok "every blob has its digest" "$blob"
done
check "the good image can still be pulled" pull "${P[@]}" "$H/good:v1"

# --- who gets to see a password ----------------------------------------------------------------------

name=leak && mkdir cases/leak && other
wants 'Basic realm="x"' && mv cases/leak/manifest cases/leak/manifest.1
manifest manifest.json && mv cases/leak/manifest cases/leak/manifest.2
redirect "Location: http://localhost:$port/raw/elsewhere?signed=yes\r\n" "$L"
name=elsewhere && mkdir cases/elsewhere && response raw 200 other.tgz
check "a layer behind a redirect" pull --authfile auth.json "${P[@]}" --insecure "localhost:$port" "$H/leak:v1"
check "the registry got the password" grep -q "^Authorization: Basic $(printf user:secret | base64)" cases/leak/requests
check "the other host was asked" grep -q '^GET /raw/elsewhere?signed=yes' cases/elsewhere/requests
check_fails "and did not get it" grep -qi '^Authorization' cases/elsewhere/requests
check_fails "nor is it in any message" grep -rq "secret" said.*

# What breaks off is gone on with.
name=resume && mkdir cases/resume && resumed "Content-Range: bytes 1000-REST\r\n" && resumed "Content-Range: bytes 1000-$((LS - 1))/$LS\r\n"
rm -f cases/resume/*.count
check "a layer that broke off is resumed" pull "${P[@]}" "$H/resume:v1"

# --- lists of referrers in pages ---------------------------------------------------------------------

# page KIND NAME LINK: a page with one referrer
page()
{
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[{"mediaType":"%s","digest":"sha256:%s","size":1,"artifactType":"%s"}]}' \
		"$INDEX" "$MANIFEST" "$(printf %s "$2" | sha256sum | cut -d' ' -f1)" "$2" >page
	response "$1" 200 page "Content-Type: $INDEX" ${3:+"Link: $3"}
}
referrers() { timeout 60 "$SLIPWAY" image referrers --insecure "$H" --timeout 3 --attempts 2 "$H/$1:v1" >list 2>said || { sed "s/^/# /" said; return 1; }; }
name=pages && is good
page referrers.1 a '</v2/pages/referrers/sha256:x?n=1&last=a>; rel="next"'
page referrers.2 b "<http://$H/v2/pages/referrers/sha256:x?n=1&last=b>; rel=\"next\""
page referrers.3 c '<http://elsewhere.example/v2/other/referrers/sha256:x>; rel="next"'
check "all pages are read" referrers pages
same "of the same list, and no other" $'a\nb\nc' "$(awk '{ print $3 }' list)"
check "where the registry says" grep -q '^GET /v2/pages/referrers/sha256:x?n=1&last=b ' cases/pages/requests
name=pages-endless && is good
page referrers a '</v2/pages-endless/referrers/sha256:x?n=1>; rel="next"'
check_fails "pages without end" referrers pages-endless
check "are not read without end" grep -q "more than 64 pages of referrers" said
name=pages-missing && is good
page referrers.1 a '</v2/pages-missing/referrers/sha256:x?n=1>; rel="next"'
check_fails "a page that is missing" referrers pages-missing
check "is an error" grep -q "a page of the referrers of 'sha256:.*' is missing" said
finish
