# SPDX-License-Identifier: Apache-2.0
# What we write, other programs read: unsquashfs, cpio and zstd see the same files in both formats.
set -u
. "$TOP/tests/lib.sh"
need unsquashfs cpio zstd jq
cd "$TEST_TMP" || exit 1

cat > app.yml <<-EOF
	kernel:
	  image: slipway/kernel-debian
	  cmdline: "console=ttyS0"
	  modules: []
	services:
	  - name: one
	    image: slipway/busybox
	    command: [/bin/busybox, "true"]
	  - name: two
	    image: slipway/busybox
	    command: [/bin/busybox, "true"]
	  - name: three
	    image: slipway/busybox
	    command: [/bin/busybox, "true"]
	    capabilities: [CAP_SYS_ADMIN]
	files:
	  - path: etc/greeting
	    contents: "hello\n"
	    mode: "0640"
	  - path: etc/link
	    symlink: greeting
	  - path: var/sticky
	    directory: true
	    mode: "1777"
EOF
for format in kernel+initrd kernel+squashfs; do
	check "$format is built" "$SLIPWAY" build --quiet --store "$PACKAGE_STORE" --format "$format" --output "$format" app.yml
done

check "kernel+squashfs in LZ4 is built" "$SLIPWAY" build --quiet --store "$PACKAGE_STORE" --format kernel+squashfs --compression lz4 --output lz4 app.yml

check "zstd finds the initrd whole" zstd -qt kernel+initrd-initrd.img
zstd -qdc kernel+initrd-initrd.img > root.cpio
check "cpio reads the initrd" sh -c 'cpio -it --quiet < root.cpio > cpio.names'
check "unsquashfs reads the image" sh -c 'unsquashfs -ll kernel+squashfs-squashfs.img > squashfs.list'

check "and the one in LZ4" sh -c 'unsquashfs -ll lz4-squashfs.img > lz4.list'
check "which has the same files" cmp squashfs.list lz4.list

# Both have the same names, but for the modules that mounting the root takes.
sed 's|^\.$||' cpio.names | grep -v '^lib/modules/' | sort > a
unsquashfs -l kernel+squashfs-squashfs.img | sed -n 's|^squashfs-root/*||p' | grep -v '^lib/modules/' | sort > b
if cmp -s a b; then ok "both have the same files"; else not_ok "both have the same files" "$(diff a b | head -5)"; fi

has() { if grep -qE -- "$2" "$3"; then ok "$1"; else not_ok "$1" "no '$2' in $3"; fi; }
cpio -itvn --quiet < root.cpio > cpio.list
for list in cpio.list squashfs.list; do
	has "$list: a file with its mode" '^-rw-r-----.*6 .*etc/greeting$' "$list"
	has "$list: a symlink" '^lrwxrwxrwx.*etc/link -> greeting$' "$list"
	has "$list: a directory with its mode" '^drwxrwxrwt.*var/sticky$' "$list"
	has "$list: init" '^-rwxr-xr-x.* [0-9]+ .*init$' "$list"
done
same "contents of the initrd" hello "$(cpio -i --quiet --to-stdout etc/greeting < root.cpio)"
same "contents of the image" hello "$(unsquashfs -cat kernel+squashfs-squashfs.img etc/greeting)"

# What a container is started from is its config.json; equal filters are one file.
unsquashfs -q -d root kernel+squashfs-squashfs.img containers etc/slipway > unsquashfs.log 2>&1
for name in one two three; do
	same "'$name': start.json is config.json without its seccomp profile" "$(jq -cS 'del(.linux.seccomp)' root/containers/services/$name/config.json)" \
		"$(jq -cS . root/containers/services/$name/start.json)"
	check "'$name': config.json has the profile" jq -e '.linux.seccomp.syscalls | length > 0' root/containers/services/$name/config.json
done
same "two equal profiles and another one are two filters" "one/seccomp.bpf three/seccomp.bpf" \
	"$(cd root/containers/services && echo */seccomp.bpf)"
same "the plan leads to them" "one/seccomp.bpf one/seccomp.bpf three/seccomp.bpf" \
	"$(sed -n 's|^container .* filter=/containers/services/\([^ ]*\).*|\1|p' root/etc/slipway/plan | sort | xargs)"

has "the image is not dated" 'Thu Jan +1 00:00:00 1970' <(TZ=UTC unsquashfs -s kernel+squashfs-squashfs.img)

finish
