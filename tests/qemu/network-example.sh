# SPDX-License-Identifier: Apache-2.0
# examples/network.yml: an address from the DHCP server of `slipway run`, one of its own, and a page for the host.
set -u
. "$TOP/tests/qemu/lib.sh"
need curl

port=$(free_port)
answers() { [ "$(curl -sS --max-time 10 -o "$TEST_TMP/body" -w '%{http_code}' "http://127.0.0.1:$port/")" = 200 ]; }
for format in $FORMATS; do
	build network "$format" "$TOP/examples/network.yml" || not_ok "$format: network builds"
	start network "$format" --publish "$port:80" --cmdline loglevel=7
	if until_ok 120 answers; then ok "$format: HTTP 200"; else not_ok "$format: HTTP 200" "$(cat "$TEST_TMP/console")"; fi
	check "$format: the page is that of the image" cmp "$TEST_TMP/body" "$TOP/pkg/nginx/index.html"
	console "$format: the address that DHCP gives" "network: 'eth0' is ready"
	console "$format: the one that the manifest has" "network: 'inside' is ready"
	stop
	same "$format: an orderly end" 0 "$status"
done
finish
