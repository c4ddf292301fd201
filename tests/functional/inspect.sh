# SPDX-License-Identifier: Apache-2.0
# What is inside an image, and what two images do not have in common.
set -u
. "$TOP/tests/lib.sh"
need jq tar unsquashfs
cd "$TEST_TMP" || exit 1

# An image of two layers: the second replaces one file of the first, hides another and adds one. Names of files are what an
# image likes them to be.
mkdir -p one/d two/d docker
printf 'first\n' > one/d/replaced; printf 'x%.0s' {1..1000} > one/d/kept; printf 'gone' > one/d/hidden
printf 'second\n' > two/d/replaced; : > two/d/.wh.hidden
printf 'evil' > "two/d/<script>document.title='evil'<"
printf 'evil' > two/d/$'esc\e[2J\nnewline'
printf 'evil' > two/d/$'not\xffutf8'
for layer in one two; do tar -C $layer --sort=name --owner=0 --group=0 -cf docker/$layer.tar .; done
printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["/d/kept"],"User":"5:6"},"rootfs":{"type":"layers","diff_ids":["sha256:%s","sha256:%s"]}}' \
	"$(sha256sum < docker/one.tar | cut -d' ' -f1)" "$(sha256sum < docker/two.tar | cut -d' ' -f1)" > docker/config.json
echo '[{"Config":"config.json","RepoTags":["test/layers:1"],"Layers":["one.tar","two.tar"]}]' > docker/manifest.json
tar -C docker -cf layers.tar manifest.json config.json one.tar two.tar
cp -r "$PACKAGE_STORE" store
check "an image of two layers is imported" "$SLIPWAY" image import --store store layers.tar

manifest()
{
	cat <<-EOF
		kernel:
		  image: slipway/kernel-debian
		  cmdline: "console=ttyS0"
		  modules: []
		services:
		  - name: one
		    image: test/layers:1
		    command: [/d/kept, "${1:-</script><script>document.title='evil'</script>}"]
		    capabilities: [${2:-CAP_NET_RAW}]
		    memory: 64M
		    binds: [/etc/hosts:/etc/${3:-hosts}]
		  - name: two
		    image: test/layers:1
		files:
		  - path: etc/greeting
		    contents: "hello\n"
		    mode: "${4:-0640}"
		${5:-}
	EOF
}
build() { "$SLIPWAY" build --quiet --store store --output "$2" --format "$1" "$3"; }
manifest > a.yml
check "kernel+squashfs is built" build kernel+squashfs s a.yml
check "kernel+initrd is built" build kernel+initrd i a.yml

# --- inspect ---

for image in s i; do
	check "$image: text" "$SLIPWAY" inspect $image -o $image.txt
	check "$image: JSON" "$SLIPWAY" inspect --tree --json $image -o $image.json
	check "$image: HTML" "$SLIPWAY" inspect --html $image -o $image.html
	jq . $image.json > /dev/null || not_ok "$image: it is JSON"
done
# is NAME EXPECTED FILTER [IMAGE]
is() { same "$1" "$2" "$(jq -r "$3" "${4:-s}.json")"; }
is "the format" kernel+squashfs .format
is "the format of an initrd" kernel+initrd .format i
is "the command line" "$(cat s-cmdline)" .kernel.cmdline
is "the kernel's release is that of its modules" "$(unsquashfs -l s-squashfs.img lib/modules | sed -n 's|.*lib/modules/\([^/]*\)$|\1|p' | grep .)" .kernel.release
is "the image of a container" test/layers:1 '.containers[0].image'
is "its digest is the store's" "$("$SLIPWAY" image inspect --store store test/layers:1 | jq -r .digest)" '.containers[0].digest'
is "its command" "</script><script>document.title='evil'</script>" '.containers[0].args[1]'
is "its user" 5:6 '.containers[0].user | "\(.uid):\(.gid)"'
is "its capabilities" CAP_NET_RAW '.containers[0].capabilities | join(" ")'
is "its mounts" /etc/hosts '.containers[0].mounts[] | select(.type == "bind" and .source == "/etc/hosts") | .destination'
is "its memory" $((64 * 1024 * 1024)) '.containers[0].resources.memory'
is "no capabilities where none were asked for" 0 '.containers[1].capabilities | length'
is "the digest of a file" "sha256:$(sha256sum < s-squashfs.img | cut -d' ' -f1)" '.files[] | select(.name == "s-squashfs.img") | .digest'
for image in s i; do
	is "$image: what is left of the first layer" "1 1000" '.images[] | select(.reference == "test/layers:1") | .layers[0] | "\(.files) \(.bytes)"' $image
	is "$image: what is left of the second" "4 19" '.images[] | select(.reference == "test/layers:1") | .layers[1] | "\(.files) \(.bytes)"' $image
	is "$image: two containers have the files in common" "true true" '.containers | "\(.[0].bytes > 1000) \(.[0].ownBytes < 1019 * 20)"' $image
	is "$image: layers and build together are the root" true \
		'([.images[].layers[].bytes] | add) + .root.buildBytes == .root.bytes' $image
	is "$image: so are all directories" true '.tree.bytes == .root.bytes and .tree.files == .root.files' $image
done
unsquashfs -q -d root s-squashfs.img > unsquashfs.log 2>&1
is "bytes are those of the files, each once" "$(find root -type f -printf '%i %s\n' | sort -u | awk '{ n += $2 } END { print n }')" .root.bytes
is "and so many they are" "$(find root -type f -printf '%i\n' | sort -u | wc -l)" .root.files
is "entries are names" "$(find root -printf x | wc -c)" .root.entries
"$SLIPWAY" inspect --tree s > tree.txt
check "--tree has directories" grep -q '[0-9] *lib$' tree.txt
check_fails "and no control characters" grep -q $'\e' s.txt tree.txt i.txt
check_fails "a file's name is no element of the page" grep -q "<script>document.title" s.html
check_fails "nor ends the element of the data" grep -q "</script><" <(sed -n 's|.*id="data">||p' s.html | sed 's|</script>$||')
check_fails "the page loads nothing" grep -qE '(src|href)=|url\(|@import' s.html
check "bytes that are no UTF-8 are told as such" jq -e '[.. | .name? // empty] | length > 10' s.json
check "the same page each time" sh -c '"$1" inspect --html s | cmp -s - s.html' - "$SLIPWAY"

# --- what is no image, or none any more ---

# refused NAME WORDS COMMAND...: one line with these words, status 1
refused()
{
	local name=$1 words=$2 status=0
	shift 2
	"$@" > out.txt 2> err.txt || status=$?
	if [ "$status" -eq "${STATUS:-1}" ] && [ "$(wc -l < err.txt)" -eq 1 ] && [ ! -s out.txt ] && grep -qF -- "$words" err.txt; then ok "$name"
	else not_ok "$name" "status $status: $(head -c 300 err.txt)"; fi
}
refused "no image" "'nothing' is no image" "$SLIPWAY" inspect nothing
refused "both forms at once" "choose one" "$SLIPWAY" inspect --json --html s
copy() { local f; for f in "$1"-*; do cp "$f" "$2${f#"$1"}"; done; }
copy s cut; truncate -s 100000 cut-squashfs.img
refused "a squashfs that is cut off" "'cut-squashfs.img': cut off" "$SLIPWAY" inspect cut
copy i cut2; truncate -s 100000 cut2-initrd.img
refused "an initrd that is cut off" "'cut2-initrd.img'" "$SLIPWAY" inspect cut2
copy i text; echo hello > text-initrd.img
refused "an initrd that is none" "expected a cpio archive" "$SLIPWAY" inspect text
copy i foreign; (mkdir -p f/etc && cd f && find . | cpio -o -H newc --quiet > ../foreign-initrd.img)
refused "an initrd of others" "no '/etc/slipway/plan' in the root" "$SLIPWAY" inspect foreign
# with_plan NAME TEXT [PROVENANCE]: an initrd with that plan
with_plan()
{
	copy i "$1"; rm -rf f; mkdir -p f/etc/slipway; printf '%s\n' "$2" > f/etc/slipway/plan
	[ $# -lt 3 ] || printf '%s' "$3" > f/etc/slipway/provenance.json
	(cd f && find . | cpio -o -H newc --quiet > "../$1-initrd.img")
}
with_plan bad 'slipway-plan 1
container nonsense'
refused "a plan that is none" "'/etc/slipway/plan': " "$SLIPWAY" inspect bad
with_plan gone 'slipway-plan 1
machine root_type=initramfs
container stage=services name=x bundle=/containers/services/x'
refused "a bundle that is missing" "'/containers/services/x/config.json' is missing" "$SLIPWAY" inspect gone
with_plan lies 'slipway-plan 1
machine root_type=initramfs' '{"version":1,"slipway":"1","images":[],"uses":[],"origins":"3x0"}'
refused "a provenance of other files" "more files than it tells of" "$SLIPWAY" inspect lies
with_plan bomb 'slipway-plan 1
machine root_type=initramfs' "$(printf '{"a":%.0s' {1..5000})"
refused "a provenance that is deep" "'/etc/slipway/provenance.json'" "$SLIPWAY" inspect bomb
with_plan old 'slipway-plan 1
machine root_type=initramfs'
check "an image of an older build, without provenance" "$SLIPWAY" inspect old
for f in squashfs.img cmdline; do cp s-$f micro-$f; done
printf 'ELF...Linux version %%s (%%s)\0Linux version 6.12.1-micro (who@where) #1 SMP\n\0rest' > micro-vmlinux
"$SLIPWAY" inspect --json -o micro.json micro
is "a micro-VM: its format" microvm .format micro
is "and the release that its uncompressed kernel names" 6.12.1-micro .kernel.release micro
check "a file of the image is as good as its prefix" "$SLIPWAY" inspect s-squashfs.img

# --- diff ---

# differs NAME STATUS ARGUMENTS...: to diff.out
differs()
{
	local name=$1 expected=$2 status=0
	shift 2
	"$SLIPWAY" diff "$@" > diff.out 2> diff.err || status=$?
	same "$name" "$expected" "$status"
}
has() { if grep -qE -- "$2" diff.out; then ok "$1"; else not_ok "$1" "no '$2' in: $(head -c 500 diff.out)"; fi; }
check "the same manifest is built again" build kernel+squashfs again a.yml
differs "the same" 0 s again
same "and nothing is said" "" "$(cat diff.out)"
differs "the same as JSON" 0 --json s again
same "which says so" "true 0" "$(jq -r '"\(.same) \(.files | length)"' diff.out)"
manifest other CAP_SYS_TIME machine 0600 '  - path: etc/more
	    contents: "more"' | sed 's/64M/65M/; s/ttyS0/ttyS1/; s/^\t//' > b.yml
build kernel+squashfs b b.yml
differs "another one" 1 s b
has "the command line" '^~ cmdline .*ttyS0.* -> .*ttyS1'
has "a container and what of it" '^~ services one .*command, capabilities, mounts, resources'
if grep -q 'services two' diff.out; then not_ok "not the other container"; else ok "not the other container"; fi
has "a mode" '^~ /etc/greeting  mode 0640 -> 0600$'
has "an added file" '^\+ /etc/more  file$'
has "contents" '^~ /containers/services/one/config.json .*content sha256:[0-9a-f]{64} -> sha256:'
differs "the other way round" 1 b s
has "a removed file" '^- /etc/more  file$'
differs "as JSON" 1 --json s b
same "JSON has both sides" "0640 0600 sha256:$(sha256sum < root/etc/greeting | cut -d' ' -f1)" \
	"$(jq -r '.files[] | select(.path == "/etc/greeting") | "\(.a.mode) \(.b.mode) \(.b.digest)"' diff.out)"
same "and sizes" "$(cat s-* | wc -c)" "$(jq -r .a.outputBytes diff.out)"
differs "formats" 1 s i
has "what the format is" '^~ format kernel\+squashfs -> kernel\+initrd$'
differs "trouble" 2 s nothing
same "is told in one line" 1 "$(wc -l < diff.err)"
differs "trouble with options" 2 s

finish
