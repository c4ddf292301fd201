# SPDX-License-Identifier: Apache-2.0
# Several machines on a network of their own: the example, and one boot of three for everything else. tests/functional/machines.sh has
# the ways in which they end.
set -u
. "$TOP/tests/qemu/lib.sh"
cd "$TEST_TMP" || exit 1
export XDG_CACHE_HOME=$TEST_TMP/cache

# run ARGUMENTS...: leaves $status, out and err.
run()
{
	status=0
	"$SLIPWAY" test --store "$PACKAGE_STORE" --timeout 120 --cmdline "$GUEST_WORDS" "$@" > out 2> err < /dev/null || status=$?
	cat out err
}

# A machine that is another's neighbour by mistake would answer: the same example runs beside it, and has something else in its database.
sed 's/answer 42/answer 43/; s/grep 42/grep 43/' "$TOP/examples/cluster.yml" > other.yml
check "the two are not the same" test "$(diff "$TOP/examples/cluster.yml" other.yml | grep -c '^>')" = 2
"$SLIPWAY" test --store "$PACKAGE_STORE" --timeout 120 --cmdline "$GUEST_WORDS" other.yml > other-out 2> other-err < /dev/null &
other=$!
run --artifacts art --junit junit.xml --log log "$TOP/examples/cluster.yml"
same "the example passes" 0 "$status"
same "what one machine has set in the other comes back" "client | 42" "$(tail -n 1 out | tr -d '\r')"
same "and out, as an artifact" "42" "$(sed -n 2p art/client/results/answer.txt | tr -d '\r')"
check "and is in the report" grep -q '<testcase classname="cluster.client" name="unit"' junit.xml
check "the database has ended in order" grep -q "Redis is now ready to exit" log.db
status=0
wait "$other" || status=$?
cat other-out other-err
same "another network beside it has an answer of its own" "0 client | 43" "$status $(tail -n 1 other-out | tr -d '\r')"

# Three, one of them by another manifest that sets its first card up itself; and tests that fail. None may end before the other has
# reached it: they meet at a port of the first.
cat > web.yml <<END
$KERNEL
onboot:
  - {name: dhcp, image: slipway/dhcp}
services:
  - {name: web, image: slipway/busybox, net: host, command: [/bin/busybox, httpd, -f, -p, "8080", -h, /etc]}
END
cat > three.yml <<END
$KERNEL
machines:
  - {name: web, manifest: web.yml, memory: 128M}
  - name: node
    replicas: 2
    memory: 128M
    services:
      - name: unit
        image: slipway/busybox
        net: host
        after: [network]
        env: [PATH=/bin]
        capabilities: [CAP_NET_RAW]
        command:
          - /bin/busybox
          - sh
          - -c
          - |
            echo "I am \$(hostname)"
            ip -o addr show dev lan0 | grep -o "inet [^ ]*"
            until ping -c 1 -W 1 node1 && ping -c 1 -W 1 node2 && wget -q -O - http://web:8080/group; do sleep 0.2; done > answer 2>&1
            tail -n 1 answer
            if [ "\$(hostname)" = node1 ]; then echo met | nc -l -p 7777
            else until nc node1 7777 < /dev/null | grep met; do sleep 0.2; done; fi
            exit 5
    test: {}
END
run three.yml
same "a test that fails: its status" 5 "$status"
for number in 1 2; do
	check "node$number has its name" grep -qxF "node$number | I am node$number" out
	check "and its address" grep -qxF "node$number | inet 10.200.0.$((number + 1))/24" out
	check "and reaches all others" grep -qxF "node$number | nogroup:x:65534:" out
done
check_fails "all that stood beside them powered off when asked" grep -q "did not power off" err
finish
