# SPDX-License-Identifier: Apache-2.0
# dm-verity, set up by PID 1 because Debian's kernel has it as a module: an image that veritysetup finds right boots, one with a flipped
# bit is found out by whoever reads it there, or ends the machine; and one with another hash, or none, is no root.
# That it boots where nothing is wrong, microvm.sh and machine-ends.sh (kexec) show, too.
set -u
. "$TOP/tests/qemu/lib.sh"
need veritysetup openssl python3 unsquashfs
cd "$TEST_TMP" || exit 1
PREFIX=app-kernel+squashfs

# Bytes that do not compress, so that they can be found in the image; the last of a file, far from what a boot reads.
openssl rand 262144 > secret
build app kernel+squashfs <<-EOF
	$KERNEL
	verity: error
	files:
	  - {path: srv/secret, source: secret, mode: "0444"}
	services:
	  - name: reader
	    image: slipway/busybox
	    binds: ["/srv/secret:/secret:ro", "/sys:/sys:ro"]
	    command:
	      - /bin/busybox
	      - sh
	      - -c
	      - |
	        echo "device \$(/bin/busybox cat /sys/block/dm-0/dm/name) of \$(/bin/busybox basename /sys/block/dm-0/slaves/*)"
	        /bin/busybox sha256sum /secret || exit 9
	    restart: never
	    on_exit: poweroff
EOF
read -r _ _ _ _ _ _ blocks hashes _ root _ <<< "$(grep -o 'verity 1 [^"]*' "$PREFIX-cmdline")"
verify() { veritysetup verify "$PREFIX-squashfs.img" "$PREFIX-squashfs.img" "$root" --hash-offset=$((blocks * 4096)); }
same "the hashes begin behind their superblock" $((blocks + 1)) "$hashes"
check "veritysetup finds the image right" verify
check "unsquashfs reads it as before" sh -c "unsquashfs -cat '$PREFIX-squashfs.img' srv/secret | cmp - secret"

boot app kernel+squashfs -m 256 --no-network
same "the machine runs on it" 0 "$status"
console "by device mapper" "device root of vda"
console "and reads what was built" "$(sha256sum < secret | cut -d' ' -f1)"

# One bit of the file's last block.
offset=$(python3 - "$PREFIX-squashfs.img" secret <<-'END'
	import sys
	image, secret = open(sys.argv[1], "rb").read(), open(sys.argv[2], "rb").read()
	print(image.index(secret[-64:]))
END
)
flip() { # OFFSET
	python3 -c 'import sys; f = open(sys.argv[1], "r+b"); f.seek(int(sys.argv[2])); b = f.read(1)[0]; f.seek(-1, 1); f.write(bytes([b ^ 1]))' \
		"$PREFIX-squashfs.img" "$1"
}
flip "$offset"
check_fails "with one bit flipped veritysetup does not" verify
boot app kernel+squashfs -m 256 --no-network
same "nor does whoever reads it" 9 "$status"
console "who is told so" "can't read '/secret': I/O error"
flip "$offset"
check "it is one bit" verify

# Another hash is another root: no block of it can be read.
sed -i "s/ sha256 $root/ sha256 $(printf %064d 7)/; s/ -\"/ - 1 panic_on_corruption\"/" "$PREFIX-cmdline"
boot app kernel+squashfs -m 256 --no-network
console "with another hash the machine ends by a panic where it is asked to" "dm-verity device corrupted"
same "which is no orderly end" 125 "$status"

sed -i 's/dm-mod.create="[^"]*" //' "$PREFIX-cmdline"
boot app kernel+squashfs -m 256 --no-network
console "without a hash there is no root" "the root has hashes, and the kernel's command line no 'dm-mod.create=' that says which"
finish
