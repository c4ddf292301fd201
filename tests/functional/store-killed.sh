#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One store, whose users are killed at any moment (kill -9), and several of them at once: what a name leads to is always whole, every
# blob has its digest, nothing piles up, and whoever comes next gets on. KILLS is how many (25; `make check-store-killed` has 200).
. "$TOP/tests/lib.sh"
. "$TOP/tests/functional/lib-registry.sh"
need docker-registry jq openssl
cd "$TEST_TMP" || exit 1
: "${KILLS:=25}"
RANDOM=${SEED:-$$}
echo "# SEED=${SEED:-$$} KILLS=$KILLS"
export HOME=$TEST_TMP/home CONTAINERS_REGISTRIES_CONF=$TEST_TMP/registries.conf SLIPWAY_PULL=missing TMPDIR=$TEST_TMP
unset REGISTRY_AUTH_FILE DOCKER_CONFIG XDG_CONFIG_HOME http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy
mkdir -p "$HOME" spool
start_registry "$TEST_TMP/registry" || { not_ok "a registry starts"; finish; }
printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$registry" >"$CONTAINERS_REGISTRIES_CONF"
S=$TEST_TMP/store
slipway() { "$SLIPWAY" "$@"; }
quiet() { "$@" >log 2>&1 || { sed 's/^/# /' log; return 1; }; }

# Images that have layers in common: one file system on top of another.
mkdir root kernel && echo kernel >kernel/kernel && tar -C kernel -cf kernel.tar .
for i in 1 2 3 4; do
	head -c $((i * 400000)) /dev/urandom >"root/file$i"
	tar -C root -cf image.tar . && slipway image import --store made --name "$registry/app:v$i" image.tar >/dev/null &&
		slipway image push --store made -q "$registry/app:v$i" >/dev/null || { not_ok "images are made"; finish; }
done
slipway image import --store "$S" --name slipway/kernel kernel.tar >/dev/null
printf 'kernel: {image: slipway/kernel, tar: none}\nservices:\n  - {name: app, image: "%s/app:v1", command: [/x]}\n' "$registry" >app.yml

# --- what is always so --------------------------------------------------------------------------

# A name leads to a manifest, a config and layers.
whole()
{
	local digest blob
	for digest in $(jq -r '.manifests[].digest' "$S/index.json"); do
		[ -e "$S/blobs/${digest/://}" ] || { echo "# $digest is missing"; return 1; }
		for blob in $(jq -r '.config.digest, .layers[].digest' "$S/blobs/${digest/://}"); do
			[ -e "$S/blobs/${blob/://}" ] || { echo "# $blob of $digest is missing"; return 1; }
		done
	done
}
sound() { (cd "$S/blobs/sha256" && sha256sum -- * | awk '$1 != $2 { print "# " $2 " is damaged"; bad = 1 } END { exit bad }'); }
# What has its name of an output has its bytes, too.
outputs() { [ -z "$(find . -maxdepth 1 -name 'out-*' ! -name '*.tmp' -empty)" ]; }

# --- killed -------------------------------------------------------------------------------------

pull() { exec "$SLIPWAY" image pull -q --store "$S" "$registry/app:v$((RANDOM % 4 + 1))"; }
build() { exec "$SLIPWAY" build -q --store "$S" -o out app.yml; }
gc() { exec "$SLIPWAY" image gc --store "$S"; }
rm_name() { exec "$SLIPWAY" image rm --store "$S" "$registry/app:v$((RANDOM % 4 + 1))"; }
import() { exec "$SLIPWAY" image import --store "$S" --name imported image.tar; }
actions=(pull pull build gc rm_name import)
killed=0 bad=0
for ((n = 0; n < KILLS; n++)); do
	action=${actions[RANDOM % ${#actions[@]}]} pause=0.$(printf '%03d' $((RANDOM % 200)))
	("$action") >/dev/null 2>&1 &
	process=$!
	sleep "$pause"
	if kill -9 "$process" 2>/dev/null; then killed=$((killed + 1)); fi
	wait "$process" 2>/dev/null
	whole && sound && outputs && slipway image ls --store "$S" >/dev/null ||
		{ bad=$((bad + 1)); echo "# after '$action' was killed at $pause s"; }
done
echo "## $killed of $KILLS were killed before they were done"
same "after each of $KILLS kills the store is whole" 0 $bad
check "some were killed in time" test $killed -gt 0

# --- and who comes next -------------------------------------------------------------------------

all=("$registry"/app:v{1,2,3,4})
check "everything can be pulled" quiet slipway image pull -q --store "$S" "${all[@]}"
check "a build" slipway build -q --store "$S" -o out app.yml
check "a gc" quiet slipway image gc --store "$S"
check "all is whole" whole
check "all is sound" sound
same "no file of those who were killed is left in the store" "" "$(ls "$S/.slipway/tmp")"

# --- several at once ----------------------------------------------------------------------------

bad=0
for ((n = 0; n < 5; n++)); do
	processes=()
	for i in 1 2; do
		slipway image rm --store "$S" "$registry/app:v$i" >/dev/null 2>&1
		slipway image pull -q --store "$S" "$registry/app:v1" >"said$i" 2>&1 & processes+=($!)
		slipway image pull -q --store "$S" "$registry/app:v2" >>"said$i" 2>&1 & processes+=($!)
		slipway image gc --store "$S" >"gc$i" 2>&1 & processes+=($!)
	done
	for process in "${processes[@]}"; do
		wait "$process" || { bad=$((bad + 1)); sed 's/^/# /' said? gc?; }
	done
	whole && sound || bad=$((bad + 1))
done
same "pulls and gcs at the same time do not hurt each other" 0 $bad
for i in 1 2; do check "the name is there: v$i" quiet slipway image inspect --store "$S" "$registry/app:v$i"; done
finish
