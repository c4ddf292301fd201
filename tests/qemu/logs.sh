# SPDX-License-Identifier: Apache-2.0
# What services write: every line once and in order, though the processes that carry it are killed; floods, which nobody else
# notices; files that are rotated; receivers of syslog and JSON.
set -u
. "$TOP/tests/qemu/lib.sh"
need jq python3
XDG_RUNTIME_DIR=$(mktemp -d /tmp/slipway-logs.XXXXXX)
export XDG_RUNTIME_DIR
trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT

# --- receivers on this machine, which is 10.0.2.2 for the guest
cat > "$TEST_TMP/receiver.py" <<'END'
# receiver.py KIND PORT FILE: udp, octets (RFC 6587) or lines; a message a line, with line ends in it as \n.
# `octets` closes each connection after 50 messages.
import re, socket, sys
kind, port, out = sys.argv[1], int(sys.argv[2]), open(sys.argv[3], "ab", buffering=0)
def put(message): out.write(message.replace(b"\n", b"\\n") + b"\n")
if kind == "udp":
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", port))
    while True: put(s.recv(65536))
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", port)); s.listen()
while True:
    c, _ = s.accept(); data = b""; count = 0
    while True:
        more = c.recv(65536)
        if not more: break
        data += more
        while True:
            m = re.match(rb"(\d+) ", data) if kind == "octets" else re.search(rb"\n", data)
            if not m: break
            if kind == "octets":
                end = m.end() + int(m[1])
                if len(data) < end: break
                put(data[m.end():end]); data = data[end:]
            else:
                put(data[:m.start()]); data = data[m.end():]
            count += 1
        if kind == "octets" and count >= 50: c.shutdown(socket.SHUT_WR); break
    c.close()
END
udp=$(free_port) octets=$(free_port) lines=$(free_port) nobody=$(free_port)
receivers=()
receive() { python3 "$TEST_TMP/receiver.py" "$@" & receivers+=("$!"); }
receive udp "$udp" "$TEST_TMP/udp"
receive octets "$octets" "$TEST_TMP/octets"
receive lines "$lines" "$TEST_TMP/lines"
trap 'kill "${receivers[@]}"; rm -rf "$XDG_RUNTIME_DIR"' EXIT

# service NAME SCRIPT: with further lines on standard input.
service()
{
	echo "  - name: $1"
	echo "    image: slipway/busybox"
	echo "    command: [/bin/busybox, sh, -c, \"$2\"]"
	sed 's/^/    /'
}

{
	cat <<-END
		${KERNEL/quiet/loglevel=4}
		init: [slipway/busybox]
		onboot:
		  - {name: dhcp, image: slipway/dhcp}
		control: {exec: host}
		storage:
		  state: {create: blank}
		logging:
		  memory: 1M
		  remotes:
		    - {syslog: "udp://10.0.2.2:$udp"}
		    - {syslog: "tcp://10.0.2.2:$octets"}
		    - {syslog: "tcp://10.0.2.2:$lines", format: json}
		    - {syslog: "tcp://10.0.2.2:$nobody"}
		services:
	END
	service count "n=0; while [ \$n -lt 600 ]; do n=\$((n + 1)); echo line \$n; [ \$((n % 10)) != 0 ] || echo error \$n >&2; [ \$((n % 5)) != 0 ] || /bin/busybox usleep 30000; done; /bin/busybox sleep 1000" <<-'END'
		log: {file: {size: 16K, count: 2, sync: always}}
	END
	service words "echo half; printf 'one and '; until [ -e /go ]; do /bin/busybox usleep 100000; done; echo 'the other'; printf 'no end'; /bin/busybox sleep 1000" < /dev/null
	service strange "printf 'tab\\\\tquote\\\"back\\\\\\\\ bad\\\\377 esc\\\\033[2J\\\\n'; /bin/busybox head -c 9000 /dev/zero | /bin/busybox tr '\\\\0' x; echo; /bin/busybox sleep 1000" < /dev/null
	service forwards "echo to the kernel; /bin/busybox sleep 1000" <<-'END'
		log: {console: false, kmsg: true}
	END
	service dropping "/bin/busybox yes This is a flood whose lines may go, and they are counted" <<-'END'
		log: {policy: drop, memory: 16K}
		resources: {cpu: {quota: 30000, period: 100000}}
	END
	service waiting "/bin/busybox yes This is a flood that waits" <<-'END'
		log: {memory: 32K}
		resources: {cpu: {quota: 10000, period: 100000}}
	END
} > "$TEST_TMP/logs.yml"
build logs kernel+squashfs "$TEST_TMP/logs.yml" || { not_ok "the image builds"; finish; }
# The console goes through a reader that can be held up.
mkfifo "$TEST_TMP/console-pipe"
cat "$TEST_TMP/console-pipe" > "$TEST_TMP/console" &
reader=$!
"$SLIPWAY" run "${RUN_OPTIONS[@]}" --timeout 500 --disk "$TEST_TMP/state.img,size=64M" "$TEST_TMP/logs-kernel+squashfs" \
	> "$TEST_TMP/console-pipe" 2>&1 < /dev/null &
machine=$!
ctl() { "$SLIPWAY" ctl "$@" 2> "$TEST_TMP/ctl-error"; }
host() { ctl exec --host /bin/busybox "$@"; }
# has NAME SOURCE TEXT
has()
{
	has_text() { ctl logs "$1" | grep -qF -- "$2"; }
	check "$1" until_ok 60 has_text "$2" "$3"
}

# --- killed again and again, while it counts
check "the machine is up" until_ok 150 ctl status count
kills=$(host sh -c 'k=0; for i in $(seq 60); do killall -9 log 2> /dev/null && k=$((k + 1)); [ $k -lt 50 ] || break; usleep 60000; done; echo $k')
same "the log process was killed 50 times" 50 "$kills"
for i in 1 2 3; do host killall -9 log-files > /dev/null; host killall -9 log-remote > /dev/null; done
has "the service comes to the end" count "line 600"
ctl logs count > "$TEST_TMP/count"
# equal NAME: what standard input has are the numbers of $TEST_TMP/all.
equal() { if diff - "$TEST_TMP/all" > "$TEST_TMP/diff"; then ok "$1"; else not_ok "$1" "$(head -n 5 "$TEST_TMP/diff")"; fi; }
seq 600 > "$TEST_TMP/all"
sed -n 's/.* line \([0-9]*\)$/\1/p' "$TEST_TMP/count" | equal "every line is there once, and in order"
seq 10 10 600 > "$TEST_TMP/all"
ctl logs --json count | jq -r 'select(.stream == "stderr").text' | cut -d ' ' -f 2 | equal "of both streams"
seq 600 > "$TEST_TMP/all"
check "numbered without a gap" sh -c "'$SLIPWAY' ctl logs --json count | jq -es '[.[].sequence] == [range(1; 661)]' > /dev/null"
check "with times that do not go back" sh -c "'$SLIPWAY' ctl logs --json count | jq -es '[.[].monotonic_us] | . == sort' > /dev/null"

# --- what lines look like
# Its end comes only now: while the log process is killed faster than a line waits for its end, the line would be whole.
has "what has no end comes all the same" words "one and "
check "and its end can come" ctl exec words /bin/busybox touch /go
has "so does the next" words "no end"
ctl logs --json words | jq -c '[.text, .partial == true]' > "$TEST_TMP/words"
same "and is marked" '["half",false] ["one and ",true] ["the other",false] ["no end",true]' "$(tr '\n' ' ' < "$TEST_TMP/words" | sed 's/ $//')"
same "any byte is a string of JSON" 'tab	quote"back\ bad'$'\xef\xbf\xbd'' esc'$'\033''[2J' "$(ctl logs --json strange | jq -sr '.[0].text')"
same "a line that is too long comes in pieces" '9000 true true' \
	"$(ctl logs --json strange | jq -sr '[.[1:][].text | length] as $n | "\($n | add) \($n | length > 2) \($n | max <= 4096)"')"
has "the kernel's lines" kernel "Linux version"
has "PID 1's own" init "service 'count': started as process"
check "what is forwarded to the kernel's buffer is there" sh -c "'$SLIPWAY' ctl dmesg | grep -q 'forwards: to the kernel'"
check "and comes but once" [ "$(ctl logs | grep -c 'to the kernel')" -eq 1 ]
same "-n gives the last" "600" "$(ctl logs -n 1 count | sed 's/.* //')"
# Lines come between the moment when they are counted and the one when they are sent.
ended() { for i in $(seq 20); do [ "$(ctl logs -n 5 dropping | grep -c flood)" -le 5 ] || return 1; done; }
check "and not more, of a service that never stops" ended
check "--since of a moment ago gives few" [ "$(ctl logs --since 1s count | wc -l)" -lt 1000 ]
check "all sources are in the order of time" sh -c "'$SLIPWAY' ctl logs -n 400 --json | jq -es '[.[] | select(.monotonic_us).monotonic_us] | . == sort' > /dev/null"
if ctl logs nobody > /dev/null; then not_ok "a source that there is not is refused"; else ok "a source that there is not is refused"; fi

# --- following, and readers that do not read
"$SLIPWAY" ctl logs -f -n 1 init > "$TEST_TMP/follow" &
follower=$!
mkfifo "$TEST_TMP/stuck"
"$SLIPWAY" ctl logs -f dropping > "$TEST_TMP/stuck" &
stuck=$!
exec 5< "$TEST_TMP/stuck"
ctl restart forwards
followed() { [ "$(grep -c "service 'forwards'" "$TEST_TMP/follow")" -ge 2 ]; }
check "-f goes on with what comes" until_ok 30 followed
kill -9 "$follower"
sessions() { [ "$(host sh -c 'cat /proc/[0-9]*/comm | grep -cx session')" -le "$1" ]; }
check "and ends with its reader" until_ok 30 sessions 4
kill -9 "$stuck"
exec 5<&-
check "one that did not read, too" until_ok 30 sessions 2
# A console that is quick enough loses nothing: one that takes nothing for a while does.
kill -STOP "$reader"
sleep 5
kill -CONT "$reader"
check "lines that went are counted on the console" until_ok 100 grep -q "'dropping': [0-9]* lines dropped" "$TEST_TMP/console"
check "the memory of a flood is bounded" [ "$(ctl logs dropping | wc -c)" -lt 120000 ]

# --- files
rotated() { [ "$(host sh -c 'ls /run/slipway/state/log/count.log*' | wc -l)" -eq 2 ]; }
check "files are rotated, and as many as may be" until_ok 30 rotated
last() { host tail -n 1 /run/slipway/state/log/count.log | grep -q '600$'; }
check "the last line is in the file" until_ok 30 last
host sh -c 'cd /run/slipway/state/log; cat count.log.1 count.log' | tr -d '\r' > "$TEST_TMP/file"
from=$(grep -o 'line [0-9]*$' "$TEST_TMP/file" | head -n 1 | cut -d ' ' -f 2)
seq "$from" 600 > "$TEST_TMP/all"
grep -o 'line [0-9]*$' "$TEST_TMP/file" | cut -d ' ' -f 2 | uniq | equal "every line from $from on, in order (those of a killed process may come twice)"
seq 600 > "$TEST_TMP/all"
same "none is larger than it may be" "" "$(host find /run/slipway/state/log -name 'count.log*' -size +16k)"

# --- receivers
received() { grep -aq "line 600" "$TEST_TMP/$1"; }
for kind in udp octets lines; do
	check "the last line comes by $kind" until_ok 90 received "$kind"
done
jq -r 'select(.service == "count" and .stream == "stdout").text' "$TEST_TMP/lines" | cut -d ' ' -f 2 > "$TEST_TMP/json"
# What a killed process had on its way and no answer to is sent again, many lines at once: each counts where it first came.
awk '!seen[$0]++' "$TEST_TMP/json" | equal "all lines as JSON, in order (those of a killed process may come again)"
check "and hardly one more than twice" [ "$(sort "$TEST_TMP/json" | uniq -c | awk '$1 > 2' | wc -l)" -le 60 ]
check "messages are those of RFC 5424" sh -c "! grep -av '^<[0-9]*>1 20[0-9-]*T[0-9:]*\\.[0-9]*Z slipway [^ ]* - \\(stdout\\|stderr\\|kernel\\) - ' '$TEST_TMP/octets'"
check "and so are datagrams" grep -aq '^<30>1 20.* slipway count - stdout - line 600$' "$TEST_TMP/udp"
count=$(grep -ao 'slipway count - stdout - line [0-9]*$' "$TEST_TMP/octets" | sort -u | wc -l)
check "a receiver that closes again and again gets most of them ($count of 600)" [ "$count" -ge 450 ]

# --- nobody else notices
rss=$(host sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' /proc/1/status)
check "PID 1 has not grown: $rss kB" [ "$rss" -le 900 ]
before=$(host grep ctxt /proc/1/status)
sleep 3
echo "# switches of PID 1 in 3 s of floods: $before -- $(host grep ctxt /proc/1/status)" | tr '\n' ' '; echo
check "poweroff" ctl poweroff
status=0; wait "$machine" || status=$?
wait "$reader"
same "ends the machine in order" 0 "$status"
tr -d '\r' < "$TEST_TMP/console" | grep -ao 'line [0-9]*$' | cut -d ' ' -f 2 > "$TEST_TMP/shown"
uniq "$TEST_TMP/shown" | equal "the console has every line, in order"
note=$(uniq -d "$TEST_TMP/shown" | wc -l)
check "and hardly one twice ($note)" [ "$note" -le 5 ]
check "though floods write all the time" [ "$(grep -ac 'flood' "$TEST_TMP/console")" -gt 200 ]
finish
