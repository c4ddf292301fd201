# SPDX-License-Identifier: Apache-2.0
# examples/nginx.yml: HTTP from the host.
set -u
. "$TOP/tests/qemu/lib.sh"
need curl

for format in $FORMATS; do
	port=$(free_port)
	get() { curl -sS --max-time 10 -o "$TEST_TMP/body" -w '%{http_code}' "http://127.0.0.1:$port$1"; }
	answers() { [ "$(get /)" = 200 ]; }
	build nginx "$format" "$TOP/examples/nginx.yml" || not_ok "$format: nginx builds"
	start nginx "$format" --publish "$port:80"
	if until_ok 120 answers; then ok "$format: HTTP 200"; else not_ok "$format: HTTP 200" "$(cat "$TEST_TMP/console")"; fi
	check "$format: the page is ours" cmp "$TEST_TMP/body" "$TOP/pkg/nginx/index.html"
	same "$format: HTTP 404 for what is not there" 404 "$(get /nothing)"
	stop
	same "$format: an orderly end" 0 "$status"
done
finish
