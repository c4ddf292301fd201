# SPDX-License-Identifier: Apache-2.0
# What a build keeps for the next one changes how long it takes, and never what comes out.
set -u
. "$TOP/tests/lib.sh"

STORE=$TEST_TMP/store
CACHE=$STORE/.slipway/cache
mkdir -p "$TEST_TMP/work" && cp -r "$PACKAGE_STORE" "$STORE" && rm -rf "$CACHE"
cd "$TEST_TMP/work" || exit 1
cp "$BUILD/libexec/slipway/init" init
echo one > file
echo secret > key
cat > app.yml << 'EOF'
kernel: {image: slipway/kernel-debian, cmdline: "console=ttyS0", modules: []}
services:
  - {name: first, image: slipway/busybox, command: [/bin/true], credentials: [{name: key, source: key}]}
  - {name: second, image: test/second, command: [/bin/true]}
files:
  - {path: etc/file, source: file}
EOF

# An image of this name with one file.
second()
{
	mkdir -p rootfs && echo "$1" > rootfs/what
	tar -C rootfs -cf second.tar what && "$SLIPWAY" image import --store "$STORE" -n test/second second.tar > /dev/null
}

build() { "$SLIPWAY" build -q --store "$STORE" --init init -f kernel+squashfs "$@" app.yml 2> err; }
state() { stat -c '%n %i %Y %Z %s' app-*; }
sums() { sha256sum app-* | sort -k 2; }

# The bytes that a store without a cache gives, for the same arguments.
without_cache()
{
	mv "$CACHE" "$TEST_TMP/aside"
	mkdir -p plain
	"$SLIPWAY" build -q --store "$STORE" --init init -f kernel+squashfs -o plain/app "$@" app.yml 2> err || cat err
	rm -rf "$CACHE"
	mv "$TEST_TMP/aside" "$CACHE"
	(cd plain && sha256sum app-* | sort -k 2)
	rm -rf plain
}

expected=without_cache
as_before() { cat before.sums; }

# changes NAME ARGUMENT...: this time all is written anew, as a build without a cache would, and once more nothing is.
changes()
{
	local name=$1 before
	shift
	before=$(state)
	build "$@" || { not_ok "$name: builds" "$(cat err)"; return; }
	if [ "$(state)" = "$before" ]; then not_ok "$name: a new image"; return; fi
	if [ "$(sums)" = "$("$expected" "$@")" ]; then ok "$name: the image that there is without a cache"; else not_ok "$name: the image that there is without a cache"; fi
	before=$(state)
	build "$@" && [ "$(state)" = "$before" ] && ok "$name: once more, nothing is written" || not_ok "$name: once more, nothing is written"
}

second a
build || { not_ok "builds" "$(cat err)"; finish; exit; }
[ -n "$(ls "$CACHE"/trees)" ] && [ -s "$CACHE"/squashfs-zstd-*-9.index ] && [ -s "$CACHE"/initrd-zstd-*-9.index ] && ok "there is a cache" || not_ok "there is a cache"
before=$(state)
build && [ "$(state)" = "$before" ] && ok "nothing has changed: nothing is written" || not_ok "nothing has changed: nothing is written"
[ "$("$SLIPWAY" build --store "$STORE" --init init -f kernel+squashfs app.yml 2> /dev/null | tr '\n' ' ')" = "app-kernel app-initrd.img app-squashfs.img app-cmdline " ] &&
	ok "the names are printed all the same" || not_ok "the names are printed all the same"
build --rebuild && [ "$(state)" != "$before" ] && ok "--rebuild writes all" || not_ok "--rebuild writes all"

second b
changes "an image of another digest"
echo two > file
changes "a file of the manifest"
chmod 0755 file
changes "its mode"
echo other > key
changes "a credential"
printf 'hostname: other\n' >> app.yml
changes "the manifest"
printf '\0' >> init
changes "the program of PID 1"
changes "another level" --level 3
export SOURCE_DATE_EPOCH=86400
changes "another time"
unset SOURCE_DATE_EPOCH
build
sums > before.sums
expected=as_before
rm app-cmdline
changes "an output that is gone"
printf x | dd of=app-squashfs.img bs=1 seek=5000 conv=notrunc status=none
changes "an output that somebody wrote to"
touch app-firecracker.json
changes "an output of another format"
[ ! -e app-firecracker.json ] && ok "which is gone" || not_ok "which is gone"

expected=without_cache

# An optional file that comes to be.
sed -i 's/source: file}/source: late, optional: true}/' app.yml
build
echo late > late
changes "an optional file that was not there"

# --- damage ---
sums > before.sums
rm app-*
for data in "$CACHE"/*-zstd-*.data; do
	size=$(stat -c %s "$data")
	for at in 10 20 30 40 50 60 70 80 90; do printf 'damage' | dd of="$data" bs=1 seek=$((size * at / 100)) conv=notrunc status=none; done
done
build && [ "$(sums)" = "$(cat before.sums)" ] && ok "damaged blocks are not used" || not_ok "damaged blocks are not used" "$(cat err)"
rm app-*
largest=$(ls -S "$CACHE"/trees/* | head -n 1)
printf 'damage' | dd of="$largest" bs=1 seek=$(($(stat -c %s "$largest") - 100)) conv=notrunc status=none
build && [ "$(sums)" = "$(cat before.sums)" ] && ok "a tree with a damaged list is not used" || not_ok "a tree with a damaged list is not used" "$(cat err)"

# The smallest of them is busybox, whose contents are in the image, whole.
rm app-*
for tree in $(ls -Sr "$CACHE"/trees/*); do
	head -c 4 "$tree" | grep -q ELF && break
done
printf 'damage' | dd of="$tree" bs=1 seek=5000 conv=notrunc status=none
if build; then not_ok "damaged contents are an error"; else
	grep -q "^slipway: .*'$tree', kept from an earlier build, was damaged and is removed; run the command again$" err && [ "$(wc -l < err)" = 1 ] &&
		[ ! -e "$tree" ] && ok "damaged contents are an error" || not_ok "damaged contents are an error" "$(cat err)"
fi
build && [ "$(sums)" = "$(cat before.sums)" ] && ok "and the next build is well" || not_ok "and the next build is well" "$(cat err)"

# --- room ---
"$SLIPWAY" image gc --store "$STORE" > /dev/null
[ ! -e "$CACHE" ] && ok "image gc empties it" || not_ok "image gc empties it"
rm -f app-*
build && [ "$(sums)" = "$(cat before.sums)" ] && ok "and the build after it is well" || not_ok "and the build after it is well" "$(cat err)"
if [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null; then
	chmod -R a+rX "$TEST_TMP" "$STORE"
	rm -rf "$CACHE"
	mkdir read && chmod 0777 read
	cp "$SLIPWAY" slipway
	setpriv --reuid 65534 --regid 65534 --clear-groups ./slipway build -q --store "$STORE" --init init -f kernel+squashfs -o read/app app.yml 2> err &&
		[ "$(cd read && sums)" = "$(cat before.sums)" ] && [ ! -e "$CACHE" ] && ok "a store that is only to be read has none" ||
		not_ok "a store that is only to be read has none" "$(cat err)"
fi
finish
