# SPDX-License-Identifier: Apache-2.0
# examples/redis.yml: the host talks to it through --publish, it loses nothing while it runs, and it ends cleanly.
set -u
. "$TOP/tests/qemu/lib.sh"
need redis-cli

for format in $FORMATS; do
	port=$(free_port)
	cli() { redis-cli -p "$port" "$@"; }
	pong() { [ "$(cli ping)" = PONG ]; }
	build redis "$format" "$TOP/examples/redis.yml" || not_ok "$format: redis builds"
	start redis "$format" --publish "$port:6379"
	if until_ok 120 pong; then ok "$format: redis answers"; else not_ok "$format: redis answers" "$(cat "$TEST_TMP/console")"; fi
	same "$format: SET" OK "$(cli set key "what was set")"
	same "$format: GET" "what was set" "$(cli get key)"
	same "$format: 100 commands in a pipeline" 100 "$(for i in $(seq 100); do echo "incr n"; done | cli | tail -n 1)"
	same "$format: it is Debian's" 7 "$(cli info server | sed -n 's/^redis_version:\([0-9]*\).*/\1/p')"
	stop
	same "$format: an orderly end" 0 "$status"
	console "$format: redis was asked to end, not killed" "bye bye"
done
finish
