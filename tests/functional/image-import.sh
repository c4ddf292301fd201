#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `slipway image`: every kind of source into the store and back out with skopeo and umoci, every bad source
# refused with one line, and a store that stays whole when imports run side by side or are killed.
# Needs $SLIPWAY (the program) and $TEST_TMP (an empty directory). Prints `ok NAME` or `not ok NAME`.
set -u
export LC_ALL=C TZ=UTC
: "${SLIPWAY:?}" "${TEST_TMP:?}"
unset SLIPWAY_STORE
cd "$TEST_TMP" || exit 1
S=$TEST_TMP/store
failures=0

ok() { echo "ok $1"; }
not_ok() { echo "not ok $1"; shift; printf '# %s\n' "$@"; failures=$((failures + 1)); }
skip() { echo "ok $1 # skip $2"; }
check() { local name=$1; shift; if "$@" >out 2>&1; then ok "$name"; else not_ok "$name" "$* said:" "$(cat out)"; fi; }
have() { command -v "$1" >/dev/null; }
image() { local c=$1; shift; "$SLIPWAY" image "$c" --store "$S" "$@"; }
same() { [ "$1" = "$2" ] || { echo "got '$1', expected '$2'"; return 1; }; }

# --- what the sources are made of ---------------------------------------------------------------

# Fixed bytes that do not compress.
noise() { openssl enc -aes-128-ctr -K 0 -iv 0 -in /dev/zero 2>/dev/null | head -c "$1"; }
tarball() { tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --format=gnu -C "$1" -cf "$2" .; }
digest() { sha256sum "$1" | cut -d' ' -f1; }

# blob LAYOUT FILE: adds a blob, prints its digest
blob() { local d; d=$(digest "$2"); cp "$2" "$1/blobs/sha256/$d"; echo "sha256:$d"; }
# descriptor TYPE DIGEST SIZE [MORE]
descriptor() { printf '{"mediaType":"%s","digest":"%s","size":%s%s}' "$1" "$2" "$3" "${4:-}"; }

OCI=application/vnd.oci.image
DOCKER=application/vnd.docker
named() { printf ',"annotations":{"org.opencontainers.image.ref.name":"%s"}' "$1"; }

new_layout() { rm -rf "$1"; mkdir -p "$1/blobs/sha256"; echo '{"imageLayoutVersion":"1.0.0"}' >"$1/oci-layout"; }

# add_document LAYOUT TEXT: prints DIGEST SIZE
add_document() { printf '%s' "$2" >document; echo "$(blob "$1" document) $(stat -c %s document)"; }

# add_image LAYOUT [LAYER_TYPE [ARCHITECTURE]]: one layer and its config; prints the manifest's DIGEST SIZE
add_image()
{
	local l=$1 type=${2:-$OCI.layer.v1.tar+gzip} arch=${3:-amd64} layer config manifest_type=$OCI.manifest.v1+json
	local config_type=$OCI.config.v1+json
	layer=$(blob "$l" layer.tar.gz)
	config=$(add_document "$l" "{\"architecture\":\"$arch\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"$DIFF_ID\"]}}")
	case $type in $DOCKER*) manifest_type=$DOCKER.distribution.manifest.v2+json config_type=$DOCKER.container.image.v1+json ;; esac
	add_document "$l" "{\"schemaVersion\":2,\"mediaType\":\"$manifest_type\",\"config\":$(descriptor $config_type $config),\"layers\":[$(descriptor "$type" "$layer" "$(stat -c %s layer.tar.gz)")]}"
}

# write_index LAYOUT ENTRIES
write_index() { printf '{"schemaVersion":2,"manifests":[%s]}' "$2" >"$1/index.json"; }

# A good layout to be spoilt: L, with the blobs' digests in LAYER, CONFIG, MANIFEST.
good_layout()
{
	new_layout "$1"
	read -r MANIFEST MANIFEST_SIZE <<<"$(add_image "$1")"
	LAYER=sha256:$(digest layer.tar.gz)
	CONFIG=$(sed 's/.*"config":{[^}]*"digest":"\([^"]*\)".*/\1/' "$1/blobs/sha256/${MANIFEST#sha256:}")
	write_index "$1" "$(descriptor $OCI.manifest.v1+json "$MANIFEST" "$MANIFEST_SIZE" "$(named example.org/demo:1)")"
}
file_of() { echo "$1/blobs/sha256/${2#sha256:}"; }

mkdir -p rootfs/bin rootfs/etc
echo demo >rootfs/etc/hostname
noise 100000 >rootfs/bin/tool
ln rootfs/bin/tool rootfs/bin/tool-again
ln -s tool rootfs/bin/sh
chmod 4755 rootfs/bin/tool
tarball rootfs layer.tar
gzip -nk layer.tar
xz -k layer.tar
bzip2 -k layer.tar 2>/dev/null || rm -f layer.tar.bz2
have zstd && zstd -q -k layer.tar
DIFF_ID=sha256:$(digest layer.tar)
good_layout good

# --- each kind of source ------------------------------------------------------------------------

store_is_whole()
{
	local f
	"$SLIPWAY" image ls --store "$S" >/dev/null || return 1
	[ -z "$(ls "$S/.slipway/tmp")" ] || { echo "left behind: $(ls "$S/.slipway/tmp")"; return 1; }
	for f in "$S"/blobs/sha256/*; do
		[ -e "$f" ] || continue
		[ "$(digest "$f")" = "${f##*/}" ] || { echo "$f is damaged"; return 1; }
	done
}

imports() # NAME EXPECTED-LINE ARGUMENTS...
{
	local name=$1 expected=$2 got; shift 2
	got=$(image import "$@" 2>&1)
	if [ "$got" = "$expected" ]; then ok "$name"; else not_ok "$name" "got: $got" "expected: $expected"; fi
}

imports layout_directory_keeps_its_digest "example.org/demo:1 $MANIFEST" good
tar -C good -cf oci.tar .
imports oci_archive "example.org/demo:1 $MANIFEST" oci.tar
gzip -nk oci.tar; xz -k oci.tar
imports oci_archive_gzip "example.org/demo:1 $MANIFEST" oci.tar.gz
imports oci_archive_xz "example.org/demo:1 $MANIFEST" oci.tar.xz
imports name_option_wins "docker.io/library/other:2 $MANIFEST" --name other:2 oci.tar
got=$(image import - <oci.tar.gz); check archive_from_standard_input same "$got" "example.org/demo:1 $MANIFEST"
got=$(cat oci.tar.xz | image import -n piped -); check archive_from_a_pipe same "$got" "docker.io/library/piped:latest $MANIFEST"
if have zstd; then
	zstd -q -k oci.tar
	imports oci_archive_zstd "example.org/demo:1 $MANIFEST" oci.tar.zst
else
	skip oci_archive_zstd "no zstd"
fi

# The blobs before or after index.json, and hard-linked, are the same image.
mkdir linked && cp -r good/. linked/ && ln "$(file_of linked "$LAYER")" linked/blobs/sha256/another-name
tar --sort=name -C linked -cf linked.tar blobs/sha256/another-name blobs index.json oci-layout
imports blobs_that_are_hard_links "example.org/demo:1 $MANIFEST" linked.tar

new_layout docker-types
read -r d s <<<"$(add_image docker-types $DOCKER.image.rootfs.diff.tar.gzip)"
write_index docker-types "$(descriptor $DOCKER.distribution.manifest.v2+json "$d" "$s" "$(named example.org/docker:1)")"
imports docker_media_types_stay "example.org/docker:1 $d" docker-types

for t in '' .gz .xz .zst .bz2; do
	[ -e layer.tar$t ] || { skip "rootfs_tar$t" "cannot be made here"; continue; }
	check "rootfs_tar$t" image import -n "rootfs$t" --cmd sh "layer.tar$t"
	image inspect "rootfs$t" >inspected 2>&1
	check "rootfs_tar${t}_has_the_diff_id_of_the_plain_tar" grep -q "\"diff_ids\":\[\"$DIFF_ID\"\]" inspected
done
check rootfs_gzip_is_stored_as_it_came cmp -s layer.tar.gz "$(file_of "$S" "sha256:$(digest layer.tar.gz)")"
image inspect rootfs.xz >inspected
check rootfs_xz_is_stored_as_zstd grep -q '"mediaType":"application/vnd.oci.image.layer.v1.tar+zstd"' inspected
check rootfs_options_reach_the_config image import -n options --platform linux/arm/v7 --entrypoint /bin/tool --entrypoint -x \
	--cmd a --env A=b --env C= --workdir /etc --user 1:2 layer.tar
image inspect --platform linux/arm/v7 options >inspected
check rootfs_config_is_what_was_asked grep -qF '"architecture":"arm","os":"linux","variant":"v7","config":{"User":"1:2","Env":["A=b","C="],"Entrypoint":["/bin/tool","-x"],"Cmd":["a"],"WorkingDir":"/etc"}' inspected
one=$(image import -n again layer.tar.xz); two=$(TZ=Asia/Tokyo image import -n again layer.tar.xz)
check rootfs_twice_is_the_same_digest same "$one" "$two"

# --- platforms, several images ------------------------------------------------------------------

new_layout multi
read -r amd amd_size <<<"$(add_image multi)"
read -r arm arm_size <<<"$(add_image multi $OCI.layer.v1.tar+gzip arm64)"
platform() { printf ',"platform":{"architecture":"%s","os":"%s"}' "$1" "$2"; }
read -r index index_size <<<"$(add_document multi "{\"schemaVersion\":2,\"manifests\":[$(descriptor $OCI.manifest.v1+json "$arm" "$arm_size" "$(platform arm64 linux)"),$(descriptor $OCI.manifest.v1+json "$amd" "$amd_size" "$(platform amd64 linux)"),$(descriptor $OCI.manifest.v1+json "$amd" "$amd_size" "$(platform unknown unknown)")]}")"
write_index multi "$(descriptor $OCI.index.v1+json "$index" "$index_size" "$(named example.org/multi:1)")"
imports index_gives_the_platform_asked_for "example.org/multi:1 $arm" --platform linux/arm64 multi
imports index_gives_amd64 "example.org/multi:1 $amd" --platform linux/amd64 multi
if [ "$(uname -m)" = x86_64 ]; then imports index_gives_the_platform_of_this_machine "example.org/multi:1 $amd" multi; fi
write_index multi "$(descriptor $OCI.manifest.v1+json "$amd" "$amd_size" "$(named example.org/a:1)"),$(descriptor $OCI.manifest.v1+json "$arm" "$arm_size" "$(named example.org/b:1)")"
imports select_by_name "example.org/b:1 $arm" --select example.org/b:1 multi
imports select_by_digest "example.org/a:1 $amd" --select "$amd" multi

# --- docker-archive -----------------------------------------------------------------------------

# docker_archive DIR: as older `docker save` wrote it, the second image's layer a symlink to the first one's
docker_archive()
{
	rm -rf "$1"; mkdir -p "$1/aaa" "$1/bbb"
	cp layer.tar "$1/aaa/layer.tar"
	ln -s ../aaa/layer.tar "$1/bbb/layer.tar"
	printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["%s"]}}' "$DIFF_ID" >config
	DOCKER_CONFIG_FILE=$(digest config).json
	cp config "$1/$DOCKER_CONFIG_FILE"
	printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["b"]},"rootfs":{"type":"layers","diff_ids":["%s"]}}' "$DIFF_ID" >"$1/b.json"
	printf '[{"Config":"%s","RepoTags":["demo:a"],"Layers":["aaa/layer.tar"]},{"Config":"b.json","RepoTags":["demo:b","demo:c"],"Layers":["bbb/layer.tar"]}]' "$DOCKER_CONFIG_FILE" >"$1/manifest.json"
}
docker_archive docker && tar -C docker -cf docker.tar .
check docker_archive image import --select demo:a docker.tar
check docker_archive_with_a_symlinked_layer image import --select docker.io/library/demo:c docker.tar
image ls -q >listed
check docker_archive_is_filed_under_the_tag_selected grep -qx docker.io/library/demo:c listed
cp layer.tar.gz docker/aaa/layer.tar && tar -C docker -cf docker-gz.tar .
check docker_archive_with_a_compressed_layer image import --select demo:a -n gz docker-gz.tar
# `docker save` since 25 is an OCI layout as well, which names every digest: that one is read.
cp -r good both && echo '[{"Config":"x","RepoTags":["wrong:1"],"Layers":[]}]' >both/manifest.json && tar -C both -cf both.tar .
imports docker_archive_that_is_an_oci_layout "example.org/demo:1 $MANIFEST" both.tar

# --- others read the store, and we read theirs --------------------------------------------------

SCRATCH="$TEST_TMP/scratch" && mkdir -p "$SCRATCH"
if have skopeo; then
	copy() { skopeo --insecure-policy --tmpdir "$SCRATCH" copy -q "$@"; }
	check skopeo_inspects_the_store skopeo --tmpdir "$SCRATCH" inspect "oci:$S:example.org/demo:1"
	for kind in oci oci-archive docker-archive; do
		check "skopeo_copies_to_$kind" copy "oci:$S:example.org/demo:1" "$kind:skopeo-$kind:example.org/$kind:1"
		check "import_of_skopeo_$kind" image import -n "example.org/$kind:1" "skopeo-$kind"
		check "skopeo_reads_back_$kind" skopeo --tmpdir "$SCRATCH" inspect "oci:$S:example.org/$kind:1"
	done
	check oci_archive_of_skopeo_has_our_digest same "$(image import skopeo-oci-archive)" "example.org/oci-archive:1 $MANIFEST"
	check skopeo_writes_docker_media_types copy --format v2s2 "oci:$S:example.org/demo:1" dir:skopeo-dir
	check import_of_a_zstd_layer_that_skopeo_made bash -c "skopeo --insecure-policy --tmpdir '$SCRATCH' copy -q --dest-compress-format zstd --dest-compress 'docker-archive:skopeo-docker-archive' oci:zstd:z:1 && '$SLIPWAY' image import --store '$S' zstd"
else
	skip skopeo "skopeo is not installed"
fi
if have umoci; then
	check umoci_unpacks_the_store umoci unpack --rootless --image "$S:example.org/demo:1" bundle
	check umoci_unpacks_the_same_files diff -r --no-dereference rootfs bundle/rootfs
	check umoci_lists_the_store umoci ls --layout "$S"
	umoci init --layout u >/dev/null && umoci new --image u:1.0 >/dev/null && umoci unpack --rootless --image u:1.0 ub >/dev/null 2>&1 &&
		echo hi >ub/rootfs/file && umoci repack --image u:1.0 ub >/dev/null
	check import_of_umoci image import -n umoci:1.0 u
else
	skip umoci "umoci is not installed"
fi

# --- ls, tag, rm, gc ----------------------------------------------------------------------------

T=$S; S=$TEST_TMP/small
check store_is_made_on_first_use image ls
check import_into_a_new_store image import good
check tag image tag example.org/demo:1 second
check names_are_listed_in_order same "$(image ls -q | tr '\n' ' ')" "docker.io/library/second:latest example.org/demo:1 "
check rm_of_one_of_two_names image rm example.org/demo:1
check gc_keeps_what_a_name_leads_to same "$(image gc)" "removed 0 blobs, 0 bytes"
check image_is_still_there image inspect second
check image_is_found_by_digest image inspect "second@$MANIFEST"
check rm_of_the_last_name image rm second
check gc_removes_the_rest same "$(image gc | cut -d, -f1)" "removed 3 blobs"
check store_is_empty same "$(ls "$S/blobs/sha256")" ""
check store_from_the_environment same "$(SLIPWAY_STORE=$T "$SLIPWAY" image ls -q | grep -c demo)" "$(S=$T image ls -q | grep -c demo)"
check store_at_the_default_place env XDG_DATA_HOME="$TEST_TMP/data" "$SLIPWAY" image import good
check default_place_is_that_of_xdg test -e data/slipway/store/oci-layout
S=$T

# --- what is refused ----------------------------------------------------------------------------

check store_is_whole_after_the_good_ones store_is_whole
image import good >/dev/null
before=$(digest "$S/index.json")

# refuses NAME MESSAGE COMMAND...: exit status 1, exactly this line, nothing filed, nothing left behind
refuses()
{
	local name=$1 expected="slipway: $2" status got; shift 2
	"$@" >stdout 2>stderr </dev/null
	status=$?
	got=$(cat stderr)
	if [ $status -ne 1 ] || [ -s stdout ]; then
		not_ok "$name" "exit status $status" "$got"
	elif [ "$got" != "$expected" ] && ! { [ "${expected%'*'}" != "$expected" ] && [ "${got#"${expected%'*'}"}" != "$got" ] && [ "$(wc -l <stderr)" -eq 1 ]; }; then
		not_ok "$name" "got:      $got" "expected: $expected"
	elif [ "$(digest "$S/index.json")" != "$before" ] || ! store_is_whole >out 2>&1; then
		not_ok "$name" "the store changed: $(cat out)"
	else
		ok "$name"
	fi
}
import() { image import "$@"; }
NONE='not an image: expected the directory of an OCI layout, or a tar (gzip, zstd, xz or no compression) of an OCI layout, of a docker-archive or of a root file system'

refuses no_such_file "missing: cannot open: No such file or directory" import missing
touch empty; refuses empty_file "empty: the file is empty" import empty
refuses empty_standard_input "standard input: neither a file, a pipe nor a directory" import -
noise 5000 >noise; refuses noise "noise: $NONE" import noise
gzip -nk noise; refuses compressed_noise "noise.gz: $NONE" import noise.gz
echo 'hello: world' >text; refuses text_file "text: $NONE" import text
refuses device "/dev/null: neither a file, a pipe nor a directory" import /dev/null
cp layer.tar unreadable && chmod 000 unreadable
if [ "$(id -u)" -ne 0 ]; then
	refuses unreadable_file "unreadable: cannot open: Permission denied" import unreadable
elif setpriv --bounding-set=-dac_override,-dac_read_search true 2>/dev/null; then
	powerless() { setpriv --bounding-set=-dac_override,-dac_read_search "$SLIPWAY" image import --store "$S" "$@"; }
	refuses unreadable_file "unreadable: cannot open: Permission denied" powerless unreadable
else
	skip unreadable_file "root reads everything"
fi
mkdir nothing; refuses empty_directory "nothing: 'oci-layout' is missing" import nothing
refuses bad_name "'UPPER:1' is not an image reference: *" import -n UPPER:1 good

# root file systems
refuses rootfs_without_a_name "layer.tar: the tar of a root file system has no name; give one with --name" import layer.tar
refuses rootfs_bad_platform "layer.tar: platform 'amd64': expected 'os/architecture', as in 'linux/amd64'" import -n x --platform amd64 layer.tar
refuses rootfs_bad_environment "layer.tar: environment 'NOVALUE': expected 'NAME=VALUE'" import -n x --env NOVALUE layer.tar
head -c 1024 /dev/zero >no-files.tar; refuses rootfs_without_files "no-files.tar: the tar holds no files" import -n x no-files.tar
head -c 50000 layer.tar >cut.tar; refuses rootfs_truncated "cut.tar: cannot read the archive: Truncated input file*" import -n x cut.tar
# Cut exactly between two entries, where only the closing blocks are missing.
tar -C rootfs -cf two.tar etc/hostname bin/sh && head -c 1024 two.tar >boundary.tar
refuses rootfs_truncated_between_entries "boundary.tar: damaged tar: it ends without its closing blocks of zeros" import -n x boundary.tar
head -c 50000 layer.tar.gz >cut.tar.gz; refuses rootfs_gzip_truncated "cut.tar.gz: cannot decompress: damaged or truncated gzip" import -n x cut.tar.gz
head -c 50000 layer.tar.xz >cut.tar.xz; refuses rootfs_xz_truncated "cut.tar.xz: cannot decompress: damaged or truncated xz" import -n x cut.tar.xz
cp layer.tar header.tar; printf 'XXXX' | dd of=header.tar bs=1 seek=520 conv=notrunc 2>/dev/null
refuses rootfs_damaged_header "header.tar: cannot read the archive: Damaged tar archive" import -n x header.tar
tar -P -C rootfs --transform 's,^etc,../../etc,' -cf climbs.tar etc/hostname
refuses rootfs_that_climbs_out "climbs.tar: entry '../../etc/hostname' leads outside of the root" import -n x climbs.tar

# OCI layouts
spoilt() { rm -rf bad; good_layout bad; }
spoilt; rm bad/oci-layout; refuses layout_without_oci_layout "bad: 'oci-layout' is missing" import bad
tar -C bad -cf bad.tar .; refuses archive_without_oci_layout "bad.tar: 'oci-layout' is missing" import bad.tar
spoilt; rm bad/index.json; refuses layout_without_index "bad: 'index.json' is missing" import bad
spoilt; : >bad/index.json; refuses layout_with_an_empty_index "bad: 'index.json' is empty" import bad
spoilt; rm bad/index.json; mkdir bad/index.json; refuses index_that_is_a_directory "bad: 'index.json' is not a regular file" import bad
spoilt; echo '{"imageLayoutVersion":"2.0.0"}' >bad/oci-layout; refuses layout_of_another_version "bad: oci-layout: imageLayoutVersion: *" import bad
spoilt; echo '{' >bad/index.json; refuses index_that_is_not_json "bad: index.json: *" import bad
spoilt; sed -i 's/"schemaVersion":2/"schemaVersion":3/' bad/index.json; refuses index_of_another_schema "bad: index.json: schemaVersion: *" import bad
spoilt; write_index bad ''; refuses index_without_images "bad: index.json lists no image" import bad
spoilt; rm "$(file_of bad "$MANIFEST")"; refuses missing_manifest "bad: manifest: blob '$MANIFEST' is missing" import bad
spoilt; rm "$(file_of bad "$CONFIG")"; refuses missing_config "bad: config: blob '$CONFIG' is missing" import bad
spoilt; rm "$(file_of bad "$LAYER")"; refuses missing_layer "bad: layers[0]: blob '$LAYER' is missing" import bad
tar -C bad -cf bad.tar .; refuses missing_layer_of_an_archive "bad.tar: layers[0]: blob '$LAYER' is missing" import bad.tar
spoilt; ln -sf /etc/passwd "$(file_of bad "$LAYER")"; refuses layer_that_is_a_symlink_to_outside "bad: layers[0]: blob '$LAYER' is missing" import bad
spoilt; f=$(file_of bad "$LAYER"); n=$(stat -c %s "$f"); truncate -s 1000 "$f"
refuses truncated_layer "bad: layers[0]: blob '$LAYER' has 1000 bytes, but its descriptor says $n" import bad
spoilt; f=$(file_of bad "$LAYER"); cp "$f" other; printf '\377' | dd of=other bs=1 seek=9 conv=notrunc 2>/dev/null; cp other "$f"
refuses layer_with_another_digest "bad: layers[0]: blob '$LAYER': the bytes have digest 'sha256:$(digest other)', expected '$LAYER'" import bad
spoilt; f=$(file_of bad "$CONFIG"); sed -i s/amd64/amd65/ "$f"
refuses config_with_another_digest "bad: config: blob '$CONFIG' is damaged: its bytes have digest 'sha256:$(digest "$f")'" import bad
spoilt; f=$(file_of bad "$MANIFEST"); sed -i s/schemaVersion/schemaVersiom/ "$f"
refuses manifest_with_another_digest "bad: manifest: blob '$MANIFEST' is damaged: its bytes have digest 'sha256:$(digest "$f")'" import bad

# remake SED: the good layout with another manifest, whose digests are right again
remake()
{
	local d s
	good_layout bad
	read -r d s <<<"$(add_document bad "$(sed "$1" "$(file_of bad "$MANIFEST")")")"
	write_index bad "$(descriptor $OCI.manifest.v1+json "$d" "$s" "$(named example.org/demo:1)")"
	MANIFEST=$d
}
remake 's/"schemaVersion":2/"schemaVersion":7/'; refuses manifest_of_another_schema "bad: manifest '$MANIFEST': schemaVersion: *" import bad
remake 's/image.layer.v1.tar+gzip/image.layer.v9.rar/'
refuses unknown_layer_type "bad: layers[0]: unknown media type '$OCI.layer.v9.rar'; expected a tar, with gzip, zstd or no compression" import bad
remake 's/image.layer.v1.tar+gzip/image.layer.nondistributable.v1.tar+gzip/'
refuses foreign_layer "bad: layers[0]: media type '$OCI.layer.nondistributable.v1.tar+gzip' is a foreign layer, whose bytes are kept elsewhere; use an image that holds all of its layers" import bad
remake 's/image.config.v1+json/helm.config.v1+json/'
refuses artifact "bad: not a container image: its config has media type 'application/vnd.oci.helm.config.v1+json'" import bad
remake 's/"layers":\[.*\]/"layers":[]/'; refuses fewer_layers_than_diff_ids "bad: the manifest has 0 layers, but the config has 1 diff_ids" import bad
remake 's/\("layers":.*"size":\)[0-9]*/\199/'; refuses layer_size_that_lies "bad: layers[0]: blob '$LAYER' has $n bytes, but its descriptor says 99" import bad
remake 's/\("config":{[^}]*"size":\)[0-9]*/\199999999/'; refuses config_size_that_lies "bad: config: blob '$CONFIG' has *" import bad
good_layout bad; sed -i "s,$OCI.manifest.v1+json,application/json," bad/index.json
refuses index_entry_of_another_type "bad: '$MANIFEST' has media type 'application/json', not that of an image" import bad

# A layer whose digest is right, but not its diff_id; one that is no tar; one that climbs out.
bad_layer() # FILE
{
	cp layer.tar.gz keep; cp "$1" layer.tar.gz; good_layout bad; mv keep layer.tar.gz; LAYER=sha256:$(digest "$1")
}
tar -C rootfs -czf other.tar.gz etc; other=$(gzip -dc other.tar.gz | sha256sum | cut -d' ' -f1)
bad_layer other.tar.gz; refuses layer_with_another_diff_id "bad: layers[0]: blob '$LAYER': the uncompressed layer has digest 'sha256:$other', but its diff_id is '$DIFF_ID'" import bad
bad_layer noise.gz; refuses layer_that_is_no_tar "bad: layers[0]: blob '$LAYER': not a tar: Unrecognized archive format" import bad
bad_layer cut.tar.gz; refuses layer_that_is_truncated_gzip "bad: layers[0]: blob '$LAYER': cannot decompress: damaged or truncated gzip" import bad
bad_layer layer.tar.xz; refuses layer_of_an_unknown_compression "bad: layers[0]: blob '$LAYER': the layer is compressed with xz, which the image-spec does not have" import bad
bad_layer empty; refuses empty_layer "bad: layers[0]: blob '$LAYER': the layer is empty, not a tar" import bad
gzip -nk climbs.tar; bad_layer climbs.tar.gz; refuses layer_that_climbs_out "bad: layers[0]: blob '$LAYER': entry '../../etc/hostname' leads outside of the root" import bad

# indexes
good_layout bad; d=$MANIFEST s=$MANIFEST_SIZE t=$OCI.manifest.v1+json
for i in 1 2 3 4 5 6 7 8 9; do
	e=$(descriptor $t "$d" "$s"); read -r d s <<<"$(add_document bad "{\"schemaVersion\":2,\"manifests\":[$e]}")"; t=$OCI.index.v1+json
done
write_index bad "$(descriptor $t "$d" "$s" "$(named example.org/demo:1)")"
refuses indexes_too_deep "bad: indexes are nested more than 8 deep" import bad
refuses no_such_platform "multi: *" import --platform linux/s390x --select nothing multi
write_index multi "$(descriptor $OCI.index.v1+json "$index" "$index_size" "$(named example.org/multi:1)")"
refuses no_image_for_the_platform "multi: index '$index': no image for 'linux/s390x'; there are: linux/arm64, linux/amd64" import --platform linux/s390x multi
refuses image_of_another_platform "good: the image is for 'linux/amd64', not for 'linux/s390x'" import --platform linux/s390x good
write_index multi "$(descriptor $OCI.manifest.v1+json "$amd" "$amd_size" "$(named example.org/a:1)"),$(descriptor $OCI.manifest.v1+json "$arm" "$arm_size" "$(named example.org/b:1)")"
refuses several_images "multi: there are 2 images; choose one with --select: 'example.org/a:1', 'example.org/b:1'" import multi
refuses no_such_selection "multi: there is no image 'c:1'; choose one with --select: 'example.org/a:1', 'example.org/b:1'" import --select c:1 multi
good_layout bad; write_index bad "$(descriptor $OCI.manifest.v1+json "$MANIFEST" "$MANIFEST_SIZE")"
refuses image_without_a_name "bad: the image has no name in the source; give one with --name" import bad
write_index bad "$(descriptor $OCI.manifest.v1+json "$MANIFEST" "$MANIFEST_SIZE" "$(named latest)")"
refuses image_with_only_a_tag "bad: the image is only called 'latest' in the source, which may be a tag; give a name with --name" import bad
head -c 30000 oci.tar >oci-cut.tar; refuses truncated_oci_archive "oci-cut.tar: cannot read the archive: *" import oci-cut.tar

# docker-archives
redo() { tar -C docker -cf bad.tar . ; }
docker_archive docker
refuses several_docker_images "docker.tar: there are 2 images; choose one with --select: 'demo:a', 'demo:b'" import docker.tar
refuses no_such_docker_image "docker.tar: there is no image 'nope'; choose one with --select: 'demo:a', 'demo:b'" import --select nope docker.tar
rm docker/aaa/layer.tar; redo; refuses docker_missing_layer "bad.tar: layers[0]: 'aaa/layer.tar' is missing" import --select demo:a bad.tar
refuses docker_symlink_to_nothing "bad.tar: layers[0]: 'bbb/layer.tar' is missing" import --select demo:b bad.tar
ln -s ../bbb/layer.tar docker/aaa/layer.tar; redo; refuses docker_symlinks_in_a_circle "bad.tar: layers[0]: 'bbb/layer.tar' is a link that leads in a circle" import --select demo:b bad.tar
docker_archive docker; tar -C rootfs -cf docker/aaa/layer.tar etc; redo
refuses docker_layer_with_another_diff_id "bad.tar: layers[0]: 'aaa/layer.tar': the uncompressed layer has digest 'sha256:$(digest docker/aaa/layer.tar)', but its diff_id is '$DIFF_ID'" import --select demo:a bad.tar
docker_archive docker; echo >>docker/"$DOCKER_CONFIG_FILE"; redo
refuses docker_config_with_another_digest "bad.tar: config '$DOCKER_CONFIG_FILE' is damaged: its bytes have digest 'sha256:$(digest docker/"$DOCKER_CONFIG_FILE")'" import --select demo:a bad.tar
docker_archive docker; rm docker/b.json; redo; refuses docker_missing_config "bad.tar: 'b.json' is missing" import --select demo:b bad.tar
docker_archive docker; echo '[]' >docker/manifest.json; redo; refuses docker_without_images "bad.tar: manifest.json: the archive names no image" import bad.tar
docker_archive docker; echo 'no' >docker/manifest.json; redo; refuses docker_manifest_that_is_not_json "bad.tar: manifest.json: *" import bad.tar

# the store
refuses not_in_the_store "image 'docker.io/library/nothing:1' is not in the store; bring it in with 'slipway image import --name docker.io/library/nothing:1 FILE', or make it with 'slipway pkg build DIR'" image inspect nothing:1
refuses not_in_the_store_but_near "image 'example.org/demo:2' is not in the store; did you mean 'example.org/demo:1'?" image rm example.org/demo:2
refuses store_that_is_something_else "'$TEST_TMP/rootfs' is not an image store: it holds '*" "$SLIPWAY" image ls --store "$TEST_TMP/rootfs"
refuses store_that_is_a_file "cannot open the image store '$TEST_TMP/empty': Not a directory" "$SLIPWAY" image ls --store "$TEST_TMP/empty"
refuses no_home "no place for the image store: neither XDG_DATA_HOME nor HOME is set" env -u HOME -u XDG_DATA_HOME "$SLIPWAY" image ls
f=$(file_of "$S" "$CONFIG"); cp "$f" keep; : >"$f"
got=$(image inspect example.org/demo:1 2>&1); check truncated_blob_of_the_store same "$got" \
	"slipway: image 'example.org/demo:1': blob '$CONFIG' of the store '$S' has 0 bytes, expected $(stat -c %s keep); import the image again"
sed s/amd64/amd65/ keep >"$f"
got=$(image inspect example.org/demo:1 2>&1); check damaged_blob_of_the_store same "$got" \
	"slipway: image 'example.org/demo:1': blob '$CONFIG' of the store '$S' is damaged: its bytes have digest 'sha256:$(digest "$f")'; import the image again"
check import_mends_a_damaged_blob image import good
check store_is_whole_again store_is_whole

# --- a full disk --------------------------------------------------------------------------------

limited() { (trap '' XFSZ; ulimit -f 50; image import -n full layer.tar 2>&1); }
check file_too_large_is_one_line same "$(limited)" "slipway: layer.tar: cannot write to the store '$S': File too large"
check store_is_whole_after_that store_is_whole
mkdir -p disk
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=80k tmpfs disk 2>/dev/null; then
	got=$(S=$TEST_TMP/disk/store image import -n full layer.tar 2>&1)
	check full_disk_is_one_line same "$got" "slipway: layer.tar: cannot write to the store '$TEST_TMP/disk/store': No space left on device"
	check full_disk_leaves_a_whole_store eval 'S=$TEST_TMP/disk/store store_is_whole && [ -z "$(ls disk/store/blobs/sha256)" ]'
	umount disk
else
	skip full_disk "a small file system cannot be mounted here"
fi

# --- side by side -------------------------------------------------------------------------------

S=$TEST_TMP/shared
noise 3000000 >rootfs/bin/large && tarball rootfs large.tar && gzip -nk1 large.tar
pids=
for i in 1 2 3 4 5 6 7 8; do
	case $((i % 4)) in
	0) image import -n "side$i" large.tar.gz >"out$i" 2>&1 & ;;
	1) image import -n "side$i" good >"out$i" 2>&1 & ;;
	2) image import -n "side$i" large.tar >"out$i" 2>&1 & ;;
	3) image import -n "side$i" oci.tar.gz >"out$i" 2>&1 & ;;
	esac
	pids="$pids $!"
done
image gc >/dev/null 2>&1 &
bad=0
for p in $pids; do wait "$p" || bad=1; done
wait
check eight_imports_at_once test $bad -eq 0
check every_one_of_them_is_filed same "$(image ls -q | wc -l)" 8
check their_store_is_whole store_is_whole
for i in 1 2 3 4 5 6 7 8; do image inspect "side$i" >/dev/null || bad=1; done
check no_gc_took_a_blob_from_them test $bad -eq 0

# --- killed at any moment -----------------------------------------------------------------------

S=$TEST_TMP/killed
killed=0 broken=
# How long one takes says when to kill the others: at 20 moments of it.
begin=${EPOCHREALTIME/./}
"$SLIPWAY" image import --store "$S" -n whole large.tar.gz >/dev/null 2>&1
took=$((${EPOCHREALTIME/./} - begin))
for i in $(seq 1 20); do
	"$SLIPWAY" image import --store "$S" -n "kill$i" large.tar.gz >/dev/null 2>&1 &
	pid=$!
	sleep "$(awk -v t="$took" -v i="$i" 'BEGIN { printf "%.4f", t * i / 21 / 1e6 }')"
	kill -9 "$pid" 2>/dev/null && killed=$((killed + 1))
	wait "$pid" 2>/dev/null
	store_is_whole >out 2>&1 || broken="$broken $i: $(cat out)"
done
if [ -z "$broken" ] && [ "$killed" -ge 5 ]; then ok "store_is_whole_after_each_of_20_kills"; else not_ok store_is_whole_after_each_of_20_kills "killed $killed" "$broken"; fi
check import_after_the_kills image import -n last large.tar.gz
check gc_after_the_kills image gc

[ "$failures" -eq 0 ]
