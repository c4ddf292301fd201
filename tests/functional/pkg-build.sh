# SPDX-License-Identifier: Apache-2.0
# Recipes whose contents a program compiles (`build:`), and the package of busybox, which is made by one.
set -u
. "$TOP/tests/lib.sh"
need jq unsquashfs
cd "$TEST_TMP" || exit 1
export SLIPWAY_STORE=$TEST_TMP/store XDG_CACHE_HOME=$TEST_TMP/cache

# refused NAME PATTERN: `slipway pkg build recipe` fails, says what matches in its last line, and stores nothing.
refused()
{
	local status=0
	"$SLIPWAY" pkg build recipe > out 2> err || status=$?
	if [ "$status" = 1 ] && [[ $(tail -n 1 err) == $2 ]] && [ ! -s out ]; then ok "$1"; else not_ok "$1" "status $status: $(cat out err)"; fi
}
recipe() { printf '%s\n' "image: test" "$@" > recipe/build.yml; }
# program LINE...: what build.sh does
program() { printf '%s\n' '#!/bin/sh' "$@" > recipe/build.sh; chmod +x recipe/build.sh; }
listed() { "$SLIPWAY" image inspect slipway/test | jq -r '.manifest.layers[0].digest' | sed 's|sha256:|store/blobs/sha256/|' | xargs zstd -qdc | tar -t; }

mkdir -p recipe made/bin
recipe "build: build.sh"
refused "a program that is not there" "slipway: recipe/build.yml:2:8: build: there is no program 'recipe/build.sh' that can be run"
program 'echo "the compiler says no" >&2; exit 127'
refused "a program that fails" "slipway: recipe/build.yml:2:8: build: 'recipe/build.sh' failed, see above"
check "says why itself" grep -qx "the compiler says no" err
program 'echo made.tar'
refused "a program that prints nothing of use" "slipway: recipe/build.yml:2:8: build: 'recipe/build.sh' printed no absolute path of a tar"
program "echo $PWD/nowhere.tar"
refused "a tar that is not there" "slipway: cannot open '$PWD/nowhere.tar': No such file or directory"
head -c 2000 /dev/urandom > noise.tar
program "echo $PWD/noise.tar"
refused "a tar that is none" "slipway: '$PWD/noise.tar': *"
recipe "build: build.sh" "kernel_configs: [x.config]"
refused "two things to compile" "slipway: recipe/build.yml:2:8: build: a kernel is compiled already; 'kernel_configs' is there, too"
recipe
refused "a recipe of nothing" "slipway: recipe/build.yml:1:1: nothing to put into the image; write 'debs:', 'build:' or 'files:'"

echo one > made/bin/tool
tar -C made -cf 1.tar bin && cp 1.tar 2.tar
recipe "build: build.sh" "files: [{path: etc/x, contents: y}]"
program "echo \$* > $PWD/told; echo $PWD/1.tar"
check "a tar becomes an image" "$SLIPWAY" pkg build --cache "$PWD/elsewhere" recipe
same "the program is told the cache and the platform" "--cache $PWD/elsewhere --arch $(dpkg --print-architecture)" "$(cat told)"
same "there is what was made, and files" "./ bin/ bin/tool etc/ etc/x" "$(listed | sort | xargs)"
check "nothing is done where the name is the same" grep -q '(unchanged)' <("$SLIPWAY" pkg build recipe)
program "echo $PWD/2.tar"
check_fails "and another name is another package" grep -q '(unchanged)' <("$SLIPWAY" pkg build recipe)
mkdir -p bin && printf '#!/bin/sh\necho wrong >&2; exit 1\n' > bin/build.sh && chmod +x bin/build.sh
check "no program of PATH is taken" sh -c "cd recipe && PATH=$PWD/bin:\$PATH && '$SLIPWAY' pkg build ."

# --- busybox
cat > hello.yml <<-EOF
	kernel: {image: slipway/kernel-debian, modules: []}
	services: [{name: hello, image: slipway/busybox, command: [/bin/busybox, echo, hello]}]
EOF
check "an image with busybox" "$SLIPWAY" build --quiet --store "$PACKAGE_STORE" --format kernel+squashfs --compression lz4 --output hello hello.yml
unsquashfs -q -d root hello-squashfs.img containers > unsquashfs.log 2>&1
inside=root/containers/services/hello/rootfs
size=$(stat -c %s $inside/bin/busybox)
echo "## busybox: $size bytes"
check "busybox is small" test "$size" -le 900000
check "its copyright is there" test -s $inside/usr/share/doc/busybox/copyright
version=$(sed -n 's/^Version: //p' $inside/var/lib/dpkg/status.d/busybox)
same "the bill of materials has it" "$version" \
	"$("$SLIPWAY" sbom --format spdx hello | jq -r '.packages[] | select(.name == "busybox") | .versionInfo')"
if command -v busybox > /dev/null; then
	same "its configuration says which of Debian's applets it has not" \
		"$(sed -n 's/^# *applets left out: *//p' "$TOP/pkg/busybox/busybox.config" | tr -d , | xargs -n 1 | sort | xargs)" \
		"$(comm -23 <(busybox --list | sort) <($inside/bin/busybox --list | sort) | xargs)"
fi
finish
