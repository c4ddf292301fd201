# SPDX-License-Identifier: Apache-2.0
# Many processes on one store at once: each gets what it would alone, and the store stays whole.
set -u
. "$TOP/tests/lib.sh"

ROUNDS=${ROUNDS:-4}
S=$TEST_TMP/store
cp -r "$PACKAGE_STORE" "$S" && rm -rf "$S/.slipway"
cd "$TEST_TMP" || exit 1
cat > app.yml << 'EOF'
kernel: {image: slipway/kernel-debian, cmdline: "console=ttyS0", modules: []}
services:
  - {name: redis, image: slipway/redis}
  - {name: nginx, image: slipway/nginx}
EOF
"$SLIPWAY" build -q --store "$S" -f kernel+squashfs -o alone app.yml || { not_ok "a build alone"; finish; exit; }
rm -rf "$S/.slipway/cache"

# again NAME COMMAND...: each round in turn; what fails is said in NAME.failed.
again()
{
	local name=$1 round
	shift
	for ((round = 0; round < ROUNDS; round++)); do
		"$@" "$round" > "$name.log" 2>&1 || { echo "$name, round $round: $(tail -n 2 "$name.log")" > "$name.failed"; return; }
	done
}
# Every round is another machine, and with nothing kept or all of it, as the others leave it.
build() { sed "\$a hostname: round-$2" app.yml > "$1.yml" && "$SLIPWAY" build -q --store "$S" -f kernel+squashfs -o "$1" "$1.yml"; }
import() # always another image
{
	mkdir -p "root-$1" && head -c 3000000 /dev/urandom > "root-$1/file" && tar -C "root-$1" -cf "$1.tar" . &&
		"$SLIPWAY" image import --store "$S" -n "test/$1:v$2" "$1.tar" && "$SLIPWAY" image inspect --store "$S" "test/$1:v$2" | jq -e .manifest
}
retag() { "$SLIPWAY" image tag --store "$S" slipway/redis "test/redis:$2" && "$SLIPWAY" image rm --store "$S" "test/redis:$2"; }
# Until the others have ended.
collect() { while [ ! -e ended ]; do "$SLIPWAY" image gc --store "$S" || return 1; done; }
list() { "$SLIPWAY" image ls --store "$S" | grep -q slipway/nginx; }

again collect collect &
pids=
for job in "build a" "build b" "build c" "import x" "import y" "retag 1" "list 1"; do
	again "${job/ /-}" ${job} &
	pids="$pids $!"
done
wait $pids
touch ended
wait
failed=$(cat -- *.failed 2> /dev/null)
[ -z "$failed" ] && ok "all of them succeed" || not_ok "all of them succeed" "$failed"

(cd "$S/blobs/sha256" && sha256sum -- * | awk '$1 != $2 { bad = 1 } END { exit bad }') && ok "every blob has its digest" || not_ok "every blob has its digest"
names=$("$SLIPWAY" image ls --store "$S" | grep -c 'docker.io/test/[xy]:')
same "no name was lost" $((2 * ROUNDS)) "$names"
[ -z "$(ls -A "$S/.slipway/tmp")" ] && ok "no temporary file stays" || not_ok "no temporary file stays" "$(ls -A "$S/.slipway/tmp")"

# The last image of each is what a build alone gives.
sed "\$a hostname: round-$((ROUNDS - 1))" app.yml > alone.yml
"$SLIPWAY" build -q --rebuild --store "$S" -f kernel+squashfs -o alone alone.yml
for name in a b c; do
	for file in alone-*; do
		cmp "$file" "$name-${file#alone-}" || not_ok "the images are those of a build alone" "$name-${file#alone-}"
	done
done
[ "$failures" -gt 0 ] || ok "the images are those of a build alone"
finish
