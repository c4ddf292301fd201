# SPDX-License-Identifier: Apache-2.0
# `slipway kernel check`: configurations as text, compressed, and inside of kernels of both kinds; and files that are none of these.
set -u
. "$TOP/tests/lib.sh"
need gzip zstd
cd "$TEST_TMP" || exit 1

# status STATUS NAME ARGUMENTS...: leaves the output in `out` and `err`.
status()
{
	local want=$1 name=$2 got=0
	shift 2
	"$SLIPWAY" kernel check "$@" > out 2> err || got=$?
	if [ "$got" = "$want" ]; then ok "$name"; else not_ok "$name" "status $got: $(cat out err)"; fi
}
says() { if grep -qE -- "$2" out err; then ok "$1"; else not_ok "$1" "no '$2' in $(cat out err)"; fi; }

cat > app.yml <<-EOF
	kernel: {image: slipway/kernel-debian}
	network: {interfaces: [{name: wg0, wireguard: true}]}
	services: [{name: one, image: slipway/busybox, userns: auto}]
EOF
# What is wanted is taken from the table itself: each option as a line of a configuration.
: > empty; echo "CONFIG_NOTHING=y" > nothing
status 1 "a kernel without anything" --config nothing app.yml
sed -nE 's/^(missing|absent) +([A-Z0-9_]+).*/CONFIG_\2=y/p' out > whole
check "has much to ask for" test "$(wc -l < whole)" -gt 30
says "userns of the manifest" '^missing +USER_NS +userns '
says "wireguard of the manifest" '^missing +WIREGUARD +network: wireguard '
check_fails "and nothing that it does not have" grep -q BONDING out
status 0 "a kernel with all of it" --config whole app.yml
says "says so" '^[0-9]+ options are wanted: 0 missing, 0 absent'
sed 's/^CONFIG_WIREGUARD=y/# CONFIG_WIREGUARD is not set/' whole > less
status 1 "one option less" --config less app.yml
same "is one line more" 3 "$(wc -l < out)"
sed 's/^CONFIG_WIREGUARD=y/CONFIG_WIREGUARD=m/' whole > module
status 0 "a module will do" --config module app.yml
status 0 "--all" --all --config module app.yml
says "shows what is there" '^module +WIREGUARD '
sed '/^CONFIG_PSI=/d' whole > without-psi
status 0 "what is good to have is not required" --config without-psi app.yml
says "but is told" '^absent +PSI '
printf 'XCONFIG_WIREGUARD=y\nCONFIG_WIREGUARD_DEBUG=y\n' >> less
status 1 "names are compared whole" --config less app.yml

gzip -k whole
status 0 "/proc/config.gz" --config whole.gz app.yml
{ printf '\177ELF....'; head -c 100000 /dev/zero; printf IKCFG_ST; cat whole.gz; printf IKCFG_ED; head -c 1000 /dev/zero; } > vmlinux
status 0 "inside of a vmlinux" --config vmlinux app.yml

# bzimage FILE: the setup header of the boot protocol (one sector of setup, version 2.15), and the file as its payload.
bzimage()
{
	head -c 1024 /dev/zero
	cat "$1"
}
number() { printf "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8 & 255)))\\x$(printf %02x $(($1 >> 16 & 255)))\\x$(printf %02x $(($1 >> 24 & 255)))"; }
for how in "zstd -q" "gzip -n" "xz"; do
	$how -c < vmlinux > payload
	bzimage payload > kernel
	printf '\1' | dd of=kernel bs=1 seek=$((0x1f1)) conv=notrunc status=none
	printf 'HdrS\17\2' | dd of=kernel bs=1 seek=$((0x202)) conv=notrunc status=none
	{ number 0; number "$(stat -c %s payload)"; } | dd of=kernel bs=1 seek=$((0x248)) conv=notrunc status=none
	status 0 "inside of a bzImage, ${how%% *}" --config kernel app.yml
done
head -c -100 kernel > cut
status 2 "a bzImage that is cut off" --config cut app.yml
says "says so" "cut off"
head -c -1500 vmlinux > cut
status 2 "a vmlinux that is cut off" --config cut app.yml
status 2 "an empty file" --config empty app.yml
status 2 "a kernel without a configuration" --config /bin/true app.yml
says "says which option it lacks" "built without CONFIG_IKCONFIG"
status 2 "another text" --config "$TOP/README.md" app.yml
says "says so" "this is not the configuration of a kernel"
head -c 3000000 /dev/zero | gzip -c | gzip -c > bomb.gz
status 2 "something else compressed" --config bomb.gz app.yml
status 2 "nothing to look at"
says "says what to give" "give --config FILE, --image IMAGE, or a manifest"

# The package of Debian's kernel has its configuration beside it.
status 0 "the manifest's kernel" --store "$PACKAGE_STORE" "$TOP/examples/hello.yml"
status 0 "an image of the store" --store "$PACKAGE_STORE" --image slipway/kernel-debian
check "without a manifest, with the needs of all" test "$(grep -oE '^[0-9]+' out)" -gt 60
status 2 "an image that is not there" --store "$PACKAGE_STORE" --image none
finish
