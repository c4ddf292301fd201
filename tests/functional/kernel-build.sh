# SPDX-License-Identifier: Apache-2.0
# tools/kernel-build.sh with a source of its own making: a makefile that behaves as the kernel's does where the script looks.
set -u
. "$TOP/tests/lib.sh"
need ar make objcopy xz flex bison bc patch
cd "$TEST_TMP" || exit 1
script=$TOP/tools/kernel-build.sh
export CACHE=$TEST_TMP/cache
source=$CACHE/sources/linux-source-6.12@trixie

# make_source: a .deb with the tar of a tree whose configuration knows GOOD and MODE, and turns LOST off.
make_source()
{
	rm -rf tree "$source" && mkdir -p tree/usr/src tree/kernel "$source"
	cat > tree/kernel/Makefile <<-'MAKE'
	.RECIPEPREFIX = >
	allnoconfig:
	> grep -vE 'LOST|=n' $(KCONFIG_ALLCONFIG) > .config; echo "CONFIG_OTHER=y" >> .config
	bzImage: broken-$(wildcard break)
	> mkdir -p arch/x86/boot && { cat .config note; echo "$(KBUILD_BUILD_USER)@$(KBUILD_BUILD_HOST) $(KBUILD_BUILD_TIMESTAMP)"; } > arch/x86/boot/bzImage
	> echo 'int main;' | gcc -x c -c -o main.o - && cp main.o vmlinux && echo "0 T main" > System.map
	Image.gz: broken-$(wildcard break)
	> mkdir -p arch/arm64/boot && { cat .config; echo "$(ARCH) by $(CROSS_COMPILE)"; } | gzip -n > arch/arm64/boot/Image.gz; echo "0 T main" > System.map
	modules.builtin:
	> echo kernel/one.ko > modules.builtin; : > modules.builtin.modinfo
	broken-:
	broken-break:
	> echo "the compiler says no" >&2; false
	kernelrelease:
	> @echo 6.12.0-test
	MAKE
	printf 'first\nNOTE=old\nlast\n' > tree/kernel/note
	cp "$@" tree/kernel/ 2>/dev/null || true
	tar -C tree --transform 's/^kernel/linux-source-6.12/' -cJf tree/usr/src/linux-source-6.12.tar.xz kernel
	(cd tree && tar -cJf ../data.tar.xz ./usr && echo 2.0 > ../debian-binary)
	rm -f "$source"/*.deb && ar rc "$source/linux-source-6.12_6.12.0-1_all.deb" debian-binary data.tar.xz
	(cd "$source" && sha256sum -- *.deb > SHA256SUMS)
}

# refused NAME TEXT FRAGMENT...: the script fails and says TEXT, and there is no kernel.
refused()
{
	local name=$1 text=$2 status=0
	shift 2
	"$script" "$@" > out 2> err || status=$?
	if [ "$status" = 1 ] && grep -qF -- "$text" err && [ ! -s out ] && ! ls "$CACHE"/kernels/*.tar "$CACHE"/kernels/work.* > /dev/null 2>&1; then
		ok "$name"
	else
		not_ok "$name" "status $status: $(cat out err)"
	fi
}

make_source
printf 'CONFIG_GOOD=y   # why\nCONFIG_MODE="a b" # why\n\n# a comment\nCONFIG_OFF=n # why\n' > good.config
printf 'CONFIG_GOOD=y\n' > bare.config
printf 'CONFIG_GOOD=y # why\nCONFIG_LOST=y # why\n' > lost.config
printf 'CONFIG_OTHER=n # why\n' > off.config
printf 'CONFIG_GOOD=m # why\n' > other.config

refused "a line without its reason" "bare.config:1: expected 'CONFIG_NAME=value  # why', got 'CONFIG_GOOD=y'" good.config bare.config
refused "a fragment that is not there" "cannot read 'none.config'" none.config
refused "an option that was lost" "CONFIG_LOST=y is not in it" lost.config
refused "an option that is on and shall be off" "CONFIG_OTHER=n became CONFIG_OTHER=y" off.config

tar=$("$script" good.config 2> err) || { cat err; tar=/dev/null; }
check "a kernel is built" test -s "$tar"
same "what is in it" "boot/System.map-6.12.0-test boot/config-6.12.0-test boot/vmlinux-6.12.0-test boot/vmlinuz-6.12.0-test lib/modules/6.12.0-test/modules.builtin lib/modules/6.12.0-test/modules.builtin.modinfo lib/modules/6.12.0-test/modules.order" \
	"$(tar -tf "$tar" | grep -v '/$' | tr '\n' ' ' | sed 's/ $//')"
kernel=$(tar -xOf "$tar" boot/vmlinuz-6.12.0-test)
check "with the options of the fragment" grep -qx 'CONFIG_MODE="a b"' <<< "$kernel"
check "built by nobody, at no time" grep -qx 'slipway@slipway Thu Jan  1 00:00:00 UTC 1970' <<< "$kernel"
cp "$tar" first.tar

touch -d '2020-01-01' "$tar"
same "the second time it is there already" "$tar" "$("$script" good.config 2>&1)"
same "and was not built again" "2020-01-01" "$(date -r "$tar" +%F)"
same "nor does it wait for another one that is being built" "$tar" "$(flock "$CACHE/kernels/lock" timeout 20 "$script" good.config 2>&1)"
rm "$tar"
"$script" good.config > /dev/null 2>&1
check "the same bytes when it is built again" cmp first.tar "$tar"
key=$("$script" --key good.config)
check_fails "other options have another key" test "$key" = "$("$script" --key good.config other.config)"
same "the last fragment counts" "CONFIG_GOOD=m" "$("$script" --configure whole good.config other.config 2> /dev/null; grep GOOD whole)"

# For the other architecture: its own compiler, which need not be here for this, its own image, and no ELF file.
mkdir -p across && printf '#!/bin/sh\necho 12.2.0\n' > across/aarch64-linux-gnu-gcc && chmod +x across/aarch64-linux-gnu-gcc
check_fails "another architecture has another key" test "$key" = "$(PATH=$PWD/across:$PATH "$script" --arch arm64 --key good.config)"
tar=$(PATH=$PWD/across:$PATH "$script" --arch arm64 good.config 2> err) || { cat err; tar=/dev/null; }
same "arm64: what is in it" "boot/System.map-6.12.0-test boot/config-6.12.0-test boot/vmlinuz-6.12.0-test" \
	"$(tar -tf "$tar" | grep '^boot/.' | tr '\n' ' ' | sed 's/ $//')"
same "arm64: an Image.gz, built across" "arm64 by aarch64-linux-gnu-" "$(tar -xOf "$tar" boot/vmlinuz-6.12.0-test | gzip -dc | tail -n 1)"
same "that for this machine is as it was" "$key" "$("$script" --arch amd64 --key good.config)"

printf -- '--- a/note\n+++ b/note\n@@ -1,3 +1,3 @@\n first\n-NOTE=old\n+NOTE=new\n last\n' > good.patch
sed 's/ first/ other/' good.patch > bad.patch
check_fails "a patch makes another key" test "$key" = "$("$script" --key --patch good.patch good.config)"
tar=$("$script" --patch good.patch good.config 2> err) || { cat err; tar=/dev/null; }
same "and another source" "NOTE=new" "$(tar -xOf "$tar" boot/vmlinuz-6.12.0-test | grep NOTE)"
rm -f "$CACHE"/kernels/*.tar
refused "a patch that does not fit to the line" "Hunk #1 FAILED" --patch bad.patch good.config
refused "a patch that is not there" "cannot read the patch '$PWD/none.patch'" --patch none.patch good.config
touch break && make_source break
refused "a failed build says why" "the compiler says no" good.config
check "and where the log is" grep -qE "the whole log is $CACHE/kernels/[0-9a-f]+\.log" err
finish
