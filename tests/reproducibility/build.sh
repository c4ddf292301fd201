# SPDX-License-Identifier: Apache-2.0
# The same manifest gives the same bytes: under another umask, time zone, locale, user, directory, number of cores and time.
set -u
. "$TOP/tests/lib.sh"

FORMATS="kernel+initrd kernel+squashfs"
chmod 0777 "$TEST_TMP"

# A copy of the store and the manifest that any user may read.
cp -r "$PACKAGE_STORE" "$TEST_TMP/packages" && chmod -R a+rX "$TEST_TMP/packages"
mkdir -p "$TEST_TMP/program/bin" "$TEST_TMP/program/libexec/slipway"
cp "$SLIPWAY" "$TEST_TMP/program/bin/" && cp "$BUILD/libexec/slipway/init" "$TEST_TMP/program/libexec/slipway/"
chmod -R a+rX "$TEST_TMP/program"

# build DIRECTORY FORMAT COMMAND...: COMMAND wraps the build.
build()
{
	local directory=$TEST_TMP/$1 format=$2
	shift 2
	mkdir -p "$directory" && chmod 0777 "$directory"
	cp "$TOP/examples/redis.yml" "$directory/" && chmod a+r "$directory/redis.yml"
	(cd "$directory" && "$@" "$TEST_TMP/program/bin/slipway" build -q --store "$TEST_TMP/packages" -f "$format" -o "$directory/redis" redis.yml)
}

compare() # NAME FORMAT DIRECTORY
{
	local file different=
	for file in "$TEST_TMP/base-$2"/redis-*; do
		cmp -s "$file" "$TEST_TMP/$3/$(basename "$file")" || different="$different $(basename "$file")"
	done
	if [ -z "$different" ]; then ok "$2: $1"; else not_ok "$2: $1" "other bytes in$different"; fi
}

for format in $FORMATS; do
	build "base-$format" "$format" env || not_ok "$format: builds"
	[ -s "$TEST_TMP/base-$format/redis-kernel" ] || not_ok "$format: wrote a kernel"
	build "umask-$format" "$format" bash -c 'umask 077; exec "$@"' bash && compare "another umask" "$format" "umask-$format"
	build "zone-$format" "$format" env TZ=Pacific/Kiritimati LC_ALL=C LANG=tr_TR.UTF-8 HOME=/nonexistent &&
		compare "another time zone, locale and home" "$format" "zone-$format"
	build "a much longer path, with spaces-$format" "$format" env && compare "another path" "$format" "a much longer path, with spaces-$format"
	if command -v taskset > /dev/null; then
		build "core-$format" "$format" taskset -c 0 && compare "one core" "$format" "core-$format"
	fi
	if [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null; then
		build "user-$format" "$format" setpriv --reuid 65534 --regid 65534 --clear-groups env -i PATH=/usr/bin:/bin &&
			compare "another user, without Docker" "$format" "user-$format"
	fi
	sleep 1.1
	build "later-$format" "$format" env && compare "another time" "$format" "later-$format"
done
finish
