# SPDX-License-Identifier: Apache-2.0
# What can go wrong in `slipway build`: one line that says what and where, a status that is not 0, and nothing half-written.
set -u
. "$TOP/tests/lib.sh"

cd "$TEST_TMP" || exit 1
cp -r "$PACKAGE_STORE" store || skip "no packages: run 'make packages' first"
export SLIPWAY_STORE=$TEST_TMP/store
cp "$TOP/examples/hello.yml" hello.yml

# refused NAME PATTERN [OPTIONS]: the build fails with exactly one line, which matches, and leaves no file behind.
refused()
{
	local name=$1 pattern=$2 status=0
	shift 2
	rm -rf out && mkdir out
	"$SLIPWAY" build -q -o out/image "$@" > stdout 2> stderr || status=$?
	if [ "$status" -ne 1 ]; then
		not_ok "$name" "status $status: $(cat stderr)"
	elif [ "$(wc -l < stderr)" -ne 1 ] || [[ $(cat stderr) != $pattern ]]; then
		not_ok "$name" "said: $(cat stderr)"
	elif [ -n "$(ls -A out)" ]; then
		not_ok "$name" "left $(ls -A out)"
	else
		ok "$name"
	fi
}

# blob REFERENCE JQ: the path of a blob that the image's manifest names.
blob()
{
	local manifest
	manifest=$(jq -r --arg n "docker.io/slipway/$1:latest" \
		'.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $n) | .digest' store/index.json)
	# A package that was built for several platforms: the one that is built here.
	if jq -e .manifests "store/blobs/sha256/${manifest#sha256:}" > list; then
		manifest=$(jq -r '.[] | select(.platform.architecture == "amd64") | .digest' list)
	fi
	echo "store/blobs/sha256/$(jq -r "$2" "store/blobs/sha256/${manifest#sha256:}" | sed 's/^sha256://')"
}

refused "an unknown format" "slipway: *'nonsense'*kernel+initrd*" -f nonsense hello.yml
refused "a platform that no machine is made for" "slipway: platform 'linux/riscv64': machines are made for 'linux/amd64' and 'linux/arm64'" \
	--platform linux/riscv64 hello.yml
refused "a format that is another processor's" "slipway: the format 'microvm' is for 'amd64' alone; for 'arm64' there are 'kernel+initrd' and 'kernel+squashfs'" \
	--platform linux/arm64 -f microvm hello.yml
refused "an init binary of another processor" "slipway: '*/init': it is for 'amd64', and the machine is to be 'arm64'" \
	--platform linux/arm64 --init "$BUILD/libexec/slipway/init" hello.yml
# A slipway beside which nothing was built for arm64.
mkdir -p alone/bin && cp "$SLIPWAY" alone/bin/
refused_alone() { local SLIPWAY=$TEST_TMP/alone/bin/slipway; refused "$@"; }
refused_alone "another platform, for which there is no init" "slipway: there is no '*/alone/libexec/slipway/aarch64/init', which machines for 'arm64' need; for arm64 'make aarch64' makes it*" \
	--platform linux/arm64 hello.yml
refused "a manifest that is not there" "slipway: nothing.yml: there is no such file*" nothing.yml
refused "a directory" "slipway: *directory*" .
echo "services: {}" > compose.yaml
refused "a compose file" "slipway: compose.yaml:1:11: there are no services" compose.yaml
rm compose.yaml
refused "an init binary that is not there" "slipway: cannot open the init binary 'nowhere'*" --init nowhere hello.yml
refused "a store that is a file" "slipway: *" --store hello.yml hello.yml

sed 's#slipway/busybox#slipway/nowhere#' hello.yml > missing.yml
refused "an image that is not in the store" "slipway: missing.yml:8:12: *'docker.io/slipway/nowhere:latest'*slipway image import*" missing.yml
sed 's#slipway/kernel-debian#slipway/nokernel#' hello.yml > missing.yml
refused "a kernel that is not in the store" "slipway: missing.yml:3:10: *nokernel*" missing.yml
printf 'services:\n  - name: a\n    image: slipway/busybox\n' > wrong.yml
refused "a manifest without a kernel" "slipway: wrong.yml:1:1: no kernel to boot; write 'kernel:'*" wrong.yml
sed 's#slipway/kernel-debian#slipway/busybox#' hello.yml > wrong.yml
refused "a kernel image without a kernel" "slipway: wrong.yml:3:10: *the kernel image has no file '/kernel'*" wrong.yml
sed 's#slipway/busybox#UPPER/case#' hello.yml > wrong.yml
refused "a reference that is none" "slipway: wrong.yml:8:12: *" wrong.yml
sed 's#modules: \[\]#modules: [brige]#' hello.yml > wrong.yml
refused "a module that the kernel has not" "slipway: wrong.yml:5:13: *'brige'*did you mean 'bridge'*" wrong.yml
printf 'files:\n  - path: etc/x\n    source: not-there\n' | cat hello.yml - > wrong.yml
refused "a source that is not there" "slipway: wrong.yml:*files: *not-there*" wrong.yml
refused "no lock, but --locked" "slipway: hello.yml:*not in the lock*slipway lock*" --locked hello.yml

# --- the lock

check "slipway lock writes" "$SLIPWAY" lock hello.yml
same "it names every image" 2 "$(wc -l < hello.lock)"
rm -rf out && mkdir out
check "a locked build works" "$SLIPWAY" build -q --locked -o out/image hello.yml
cp hello.lock good.lock
sed 's/[0-9a-f]\{8\}$/00000000/' good.lock > hello.lock
refused "a digest that the store has not" "slipway: hello.yml:*is not in the store*" hello.yml
echo nonsense > hello.lock
refused "a lock that is none" "slipway: hello.lock:1: expected 'REFERENCE DIGEST'*" hello.yml
rm hello.lock

# --- damage in the store

for what in "layer .layers[0].digest" "config .config.digest"; do
	path=$(blob busybox "${what#* }")
	cp "$path" saved && chmod u+w "$path"
	truncate -s -1 "$path"
	refused "a truncated ${what% *}" "slipway: hello.yml:*" hello.yml
	cp saved "$path"
	printf 'X' | dd of="$path" bs=1 seek=5 conv=notrunc status=none
	refused "a ${what% *} with another byte" "slipway: hello.yml:*" hello.yml
	: > "$path"
	refused "an empty ${what% *}" "slipway: hello.yml:*" hello.yml
	rm -f "$path"
	refused "a missing ${what% *}" "slipway: hello.yml:*" hello.yml
	cp saved "$path"
done
cp store/index.json saved
echo '{' > store/index.json
refused "an index that is no JSON" "slipway: *index.json*" hello.yml
cp saved store/index.json

# --- places that cannot be written

mkdir -p locked out
refused "a directory that is not there" "slipway: *nowhere*No such file*" -o nowhere/image hello.yml
if [ "$(id -u)" = 0 ] && mkdir -p small && mount -t tmpfs -o size=4m tmpfs small 2> /dev/null; then
	echo old > small/image-cmdline
	status=0
	"$SLIPWAY" build -q -o small/image hello.yml 2> stderr || status=$?
	same "a full disk is an error" 1 "$status"
	same "said in one line" 1 "$(grep -c "No space left on device" stderr)"
	same "what was there is still there, and nothing else" "image-cmdline old" "$(ls small) $(cat small/image-cmdline)"
	umount small
fi
status=0
(ulimit -f 2000; "$SLIPWAY" build -q -o out/image hello.yml > /dev/null 2>&1) || status=$?
check "a file size limit ends the build" test "$status" -ne 0
same "and leaves nothing in place" "" "$(find out -name 'image-*' ! -name '*.tmp')"

# --- ended in the middle

rm -rf out && mkdir out
"$SLIPWAY" build -q -o out/image hello.yml && cp -r out before
for delay in 0.02 0.05 0.1 0.15 0.2 0.25 0.3 0.4; do
	timeout -s KILL "$delay" "$SLIPWAY" build -q --level 3 -o out/image hello.yml 2> /dev/null
	timeout -s INT "$delay" "$SLIPWAY" build -q --level 3 -o out/image hello.yml 2> /dev/null
done
whole=yes
for file in image-kernel image-initrd.img image-cmdline; do
	[ -s "out/$file" ] || whole=no
done
same "killed at any time, every output file is whole" yes "$whole"
check "and the next build works" "$SLIPWAY" build -q -o out/image hello.yml
check "with the same bytes" cmp out/image-initrd.img before/image-initrd.img
finish
