#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The same manifest and images give the same bytes: under another user, umask, time zone, locale, home and path, from another
# copy of the program and of the store, and with nothing on PATH but the base system.
. "$TOP/tests/lib.sh"
umask 022

[ -d "$PACKAGE_STORE" ] || skip "there are no packages: run 'make packages' first"
chmod 755 "$TEST_TMP"

# Everything of the second build is elsewhere and belongs to somebody else, if we may do that.
other=$TEST_TMP/elsewhere
mkdir -p "$other/bin" "$other/libexec/slipway" "$other/home" "$other/out"
cp "$SLIPWAY" "$other/bin/"
cp "$BUILD/libexec/slipway/init" "$other/libexec/slipway/"
cp -r "$PACKAGE_STORE" "$other/store"
cp -r "$TOP/examples" "$other/examples"
as=()
if [ "$(id -u)" -eq 0 ]; then
	chown -R 65534:65534 "$other"
	as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
fi

first()
{
	SLIPWAY_STORE=$PACKAGE_STORE "$SLIPWAY" build -f "$2" -o "$TEST_TMP/first" "$TOP/examples/$1.yml" >"$TEST_TMP/names"
}

second()
(
	umask 077
	cd "$other/examples" || exit 1
	exec "${as[@]}" env -i PATH=/usr/bin:/bin HOME="$other/home" TZ=Asia/Kathmandu LC_ALL=C.UTF-8 LANG=tr_TR.UTF-8 USER=somebody \
		SLIPWAY_STORE="$other/store" TMPDIR="$other/home" "$other/bin/slipway" build -f "$2" -o ../out/second "$1.yml" >/dev/null
)

for manifest in "$TOP"/examples/*.yml; do
	name=$(basename "$manifest" .yml)
	for format in kernel+initrd kernel+squashfs; do
		rm -rf "$TEST_TMP"/first* "$other"/out/*
		if ! first "$name" "$format" || ! second "$name" "$format"; then not_ok "$name, $format: builds"; continue; fi
		while read -r file; do
			check "$name, $format: ${file#"$TEST_TMP"/first} is the same" cmp "$file" "$other/out/second${file#"$TEST_TMP"/first}"
		done <"$TEST_TMP/names"
		same "$name, $format: nothing else was written" "$(cd "$TEST_TMP" && ls -d first* | sed s/first//)" "$(cd "$other/out" && ls -d second* | sed s/second//)"
	done
done
finish
