# SPDX-License-Identifier: Apache-2.0
# A machine looked at and steered from the host, over its virtio-serial port: every command of `slipway ctl`, terminals and
# streams, clients that are killed, and clients that break the rules.
set -u
. "$TOP/tests/qemu/lib.sh"
need jq python3 curl
# The name of a socket is short.
XDG_RUNTIME_DIR=$(mktemp -d /tmp/slipway-control.XXXXXX)
export XDG_RUNTIME_DIR
trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT

build control kernel+squashfs <<-EOF || { not_ok "the image builds"; finish; }
	${KERNEL/quiet/loglevel=4}
	init: [slipway/busybox]
	onboot:
	  - name: dhcp
	    image: slipway/dhcp
	control: {exec: host, metrics: {port: 9100}}
	services:
	  - name: web
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "trap 'exit 0' TERM; while :; do /bin/busybox sleep 1000 & wait; done"]
	    env: [COLOUR=green]
	    cwd: /usr
	  - name: once
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "exit 3"]
	    restart: never
	  - name: deaf
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "trap '' TERM; while :; do /bin/busybox sleep 1000; done"]
	    stop_timeout: 1s
EOF

port=$(free_port)
start control kernel+squashfs --timeout 400 -p "$port:9100"
ctl() { "$SLIPWAY" ctl "$@" 2> "$TEST_TMP/ctl-error"; }
# field NAME FIELD: of its status.
field() { ctl status --json "$1" | jq -r ".[0].$2"; }
# refuses NAME TEXT ARGUMENTS...
refuses()
{
	local name=$1 text=$2
	shift 2
	if ctl "$@" > /dev/null; then not_ok "$name" "it did not fail"; return; fi
	if grep -qF -- "$text" "$TEST_TMP/ctl-error"; then ok "$name"; else not_ok "$name" "$(cat "$TEST_TMP/ctl-error")"; fi
}
is_ready() { [ "$(field "$1" state)" = ready ]; }

# A client may come before the machine is up: it waits.
check "status comes once the machine is up" until_ok 60 ctl status
check "a service becomes ready" until_ok 60 is_ready web
check "JSON is what jq reads" sh -c "'$SLIPWAY' ctl status --json | jq -e 'length == 4 and all(.restarts | type == \"number\")' > /dev/null"
has_ended() { [ "$(field "$1" state)" = failed ]; }
check "one that fails has failed" until_ok 60 has_ended once
same "with its exit status" 3 "$(field once exit)"
same "and why" "'once' ended with status 3" "$(field once why)"
ctl status | sed 's/^/# /'
refuses "a name that there is not" "no service is named 'nobody'" status nobody

# --- how it booted
chart() { "$SLIPWAY" bootchart "$@" 2> "$TEST_TMP/chart-error"; }
check "the chart of a machine that runs" sh -c "'$SLIPWAY' bootchart --svg '$TEST_TMP/boot.svg' --json > '$TEST_TMP/boot.json'"
jq -c '.spans[] | select(.state)' "$TEST_TMP/boot.json" | sed 's/^/# /'
# says NAME EXPRESSION: of the chart.
says() { if jq -e "$2" "$TEST_TMP/boot.json" > /dev/null; then ok "$1"; else not_ok "$1" "$(jq -c "$2" "$TEST_TMP/boot.json")"; fi; }
says "is of one whose boot is over" '.bootchart == 1 and .settled'
same "and of this kernel" "$(ctl exec --host /bin/busybox uname -r)" "$(jq -r .kernel "$TEST_TMP/boot.json")"
says "firmware that nobody can tell of is unknown" '.unknown == ["firmware", "loader"] and all(.spans[]; .kind != "host")'
says "the kernel is there until PID 1 begins" '.init_us as $init | .spans[] | select(.kind == "kernel") | .start_us == 0 and .end_us == $init and $init > 0'
says "each step of PID 1 follows the one before" '[.spans[] | select(.kind == "init")] | length > 15 and
	(. as $s | all(range(1; length); $s[.].start_us >= $s[. - 1].end_us)) and (map(.name) | contains(["plan", "network", "control"]))'
says "onboot follows them" '(.spans[] | select(.name == "dhcp")) as $d | .services_us as $s | $d.kind == "onboot" and $d.state == "done" and
	all(.spans[] | select(.kind == "init"); .end_us <= $d.start_us) and $d.start_us < $d.exec_us and $d.exec_us < $d.end_us and $d.end_us <= $s'
says "and the services follow that" '.services_us as $s | [.spans[] | select(.kind == "service")] | length == 3 and
	all(.start_us >= $s and .exec_us > .start_us and .ready_us >= .exec_us)'
says "one that has failed is not taken for ready" '.spans[] | select(.name == "once") | .failed and .state == "failed" and .end_us > .exec_us'
says "the chain leads from a service to the kernel" '.critical_chain | map(.kind) | (first == "service") and (.[1:] == ["onboot", "init", "kernel"])'
check "the picture is drawn" grep -q '^<svg xmlns="http://www.w3.org/2000/svg"' "$TEST_TMP/boot.svg"
chart --name control --from "$TEST_TMP/boot.json" > /dev/null && not_ok "a file or a machine" || ok "a file or a machine, not both"
chart --from "$TEST_TMP/boot.json" > "$TEST_TMP/boot.txt"
sed 's/^/# /' "$TEST_TMP/boot.txt"
check "what was kept is shown as text" grep -qE '^service +web +[0-9.]+m?s +[.]*-' "$TEST_TMP/boot.txt"
check "and as the same JSON" sh -c "'$SLIPWAY' bootchart --json < '$TEST_TMP/boot.json' --from - | cmp - '$TEST_TMP/boot.json'"

# --- orders
before=$(field web pid)
check "restart" ctl restart web
check "gives another process" [ "$before" != "$(field web pid)" ]
same "is no failure" 0 "$(field web restarts)"
check "stop" ctl stop web
same "comes to done" done "$(field web state)"
check "start" ctl start web
same "comes to ready" ready "$(field web state)"
check "a service that does not obey is stopped all the same" ctl stop deaf
same "by force" done "$(field deaf state)"
check "start --no-wait" ctl start --no-wait deaf
refuses "an order for nobody" "no service is named 'nobody'" start nobody
refuses "an order for what is none" "no service is named 'dhcp'" restart dhcp
refuses "a command that there is not" "did you mean 'status'?" statu

# --- exec
same "exec has the service's environment and directory" "green /usr" "$(ctl exec web /bin/busybox sh -c 'echo $COLOUR $PWD')"
same "and others" "red /tmp 7 8" "$(ctl exec -e COLOUR=red -w /tmp -u 7:8 web /bin/busybox sh -c 'echo $COLOUR $PWD $(/bin/busybox id -u) $(/bin/busybox id -g)')"
# status_of STATUS NAME ARGUMENTS...: the exit status of a command.
status_of()
{
	local wanted=$1 name=$2 got=0
	shift 2
	ctl "$@" > /dev/null || got=$?
	same "$name" "$wanted" "$got"
}
status_of 42 "the exit status is the program's" exec web /bin/busybox sh -c 'exit 42'
status_of 137 "that of a signal is 128 more" exec web /bin/busybox sh -c 'kill -9 $$'
status_of 125 "a program that is not there" exec web /no/such
status_of 125 "a service that does not run" exec once /bin/busybox true
same "standard error is apart" "out" "$("$SLIPWAY" ctl exec web /bin/busybox sh -c 'echo out; echo err >&2' 2> "$TEST_TMP/err")"
same "and comes" "err" "$(cat "$TEST_TMP/err")"
head -c 1000000 /dev/urandom > "$TEST_TMP/random"
ctl exec -i web /bin/busybox cat < "$TEST_TMP/random" > "$TEST_TMP/back"
check "a megabyte goes there and back" cmp "$TEST_TMP/random" "$TEST_TMP/back"
same "without -i there is no input" "" "$(echo lost | ctl exec web /bin/busybox cat)"
same "outside of containers, where the manifest allows it" same \
	"$(ctl exec --host /bin/busybox sh -c 'b=/bin/busybox; [ "$($b readlink /proc/self/ns/mnt)" = "$($b readlink /proc/1/ns/mnt)" ] && echo same')"
same "the machine has the same commands" ready "$(ctl exec --host /usr/bin/ctl status --json web | jq -r '.[0].state')"

cat > "$TEST_TMP/terminal.py" <<'END'
# Runs a command on a terminal of 33 by 101, types into it, changes the size, and says what was seen.
import fcntl, os, pty, select, struct, sys, termios, time
def size(fd, rows, columns): fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
seen = b""
def until(fd, text, seconds=60):
    global seen
    end = time.time() + seconds
    while text not in seen and time.time() < end:
        if select.select([fd], [], [], 0.2)[0]:
            try: data = os.read(fd, 4096)
            except OSError: break
            if not data: break
            seen += data
    ok = text in seen
    seen = seen.split(text, 1)[1] if ok else seen
    return ok
def verdict(name, ok): print(("ok " if ok else "not ok ") + name + ("" if ok else "\n# " + repr(seen)))
pid, fd = pty.fork()
if pid == 0:
    time.sleep(0.5)
    os.execv(sys.argv[1], sys.argv[1:])
size(fd, 33, 101)
verdict("a shell has a prompt", until(fd, b"# "))
os.write(fd, b"/bin/busybox stty size; echo si''ze\r")
verdict("and the terminal's size", until(fd, b"33 101") and until(fd, b"size"))
size(fd, 44, 122)
os.write(fd, b"/bin/busybox sleep 1; /bin/busybox stty size; echo ag''ain\r")
verdict("and the new one when it changes", until(fd, b"44 122") and until(fd, b"again"))
os.write(fd, b"/bin/busybox sleep 1000\r")
time.sleep(1)
os.write(fd, b"\x03")
os.write(fd, b"echo inter''rupted\r")
verdict("Ctrl-C is the program's", until(fd, b"interrupted"))
os.write(fd, b"exit 5\r")
until(fd, b"\x00", 5)
verdict("its exit status comes", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5)
END
python3 "$TEST_TMP/terminal.py" "$SLIPWAY" ctl exec -it web /bin/busybox sh > "$TEST_TMP/terminal"
python3 "$TEST_TMP/terminal.py" "$SLIPWAY" ctl exec -it --host /bin/busybox sh | sed 's/^\(ok\|not ok\) /&outside: /' >> "$TEST_TMP/terminal"
cat "$TEST_TMP/terminal"
same "terminals do all that" 10 "$(grep -c '^ok' "$TEST_TMP/terminal")"

# --- clients that are killed, and many at once
"$SLIPWAY" ctl exec web /bin/busybox sleep 4321 &
client=$!
sleeps() { [ "$(ctl exec --host /bin/busybox sh -c 'cd /proc; /bin/busybox cat [0-9]*/cmdline | /bin/busybox tr "\0" "\n" | /bin/busybox grep -cx "[4]321"')" = "$1" ]; }
check "a program runs" until_ok 30 sleeps 1
kill -9 "$client"
check "and ends with its client" until_ok 30 sleeps 0
for i in $(seq 20); do
	"$SLIPWAY" ctl exec -i web /bin/busybox sh -c "/bin/busybox cat > /dev/null; echo $i" < "$TEST_TMP/random" > "$TEST_TMP/many-$i" &
	clients[i]=$!
done
wait "${clients[@]}"
same "twenty at once" "$(seq 20 | sort)" "$(cat "$TEST_TMP"/many-* | sort)"

# --- what is read only
check "top" sh -c "'$SLIPWAY' ctl top -n 1 --json | jq -e 'map(.name) | contains([\"web\"])' > /dev/null"
ctl top -n 2 -i 1 | sed 's/^/# /'
check "dmesg" sh -c "'$SLIPWAY' ctl dmesg | grep -q 'Linux version'"
check "dmesg --json" sh -c "'$SLIPWAY' ctl dmesg --json | jq -es 'length > 20 and all(.priority < 8)' > /dev/null"
failed='slipway_service_state{service="once",state="failed"} 1'
ctl metrics > "$TEST_TMP/metrics"
check "metrics" grep -qF "$failed" "$TEST_TMP/metrics"
check "every sample has a number" sh -c "! grep -v '^#' '$TEST_TMP/metrics' | grep -v '^[a-z_]*\\({.*}\\)\\? [0-9.]*\$'"
scrape() { curl -sf --max-time 20 "http://127.0.0.1:$port/metrics" > "$TEST_TMP/scraped"; }
check "metrics over the network" until_ok 30 scrape
check "are the same" grep -qF "$failed" "$TEST_TMP/scraped"
same "and nothing else is there" 404 "$(curl -s --max-time 20 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/")"

# Kilobytes of PID 1's own. Pages of the program's file come in as they are used, and the kernel takes them back when it wants.
own_memory() { ctl exec --host /bin/busybox sed -n 's/^RssAnon:[^0-9]*\([0-9]*\).*/\1/p' /proc/1/status; }
before=$(own_memory)

# --- clients that break the rules
cat > "$TEST_TMP/hostile.py" <<'END'
import os, socket, sys, time
def client():
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    s.settimeout(90)
    return s
def answer(data):
    s = client()
    try:
        s.sendall(data)
        text = b""
        while True:
            more = s.recv(65536)
            if not more: return text
            text += more
    except (ConnectionError, socket.timeout) as e:
        return b"!" + type(e).__name__.encode()
def verdict(name, ok, seen=b""): print(("ok " if ok else "not ok ") + name + ("" if ok else "\n# " + repr(seen[:300])))
for name, data in {
    "an empty line": b"\n", "no verb": b" name=x\n", "no key": b"status =x\n", "a broken escape": b"status name=%G0\n",
    "an unknown verb": b"format name=web\n", "fields without end": b"status " + b"a=b " * 100 + b"\n",
}.items():
    got = answer(data)
    verdict(name + " is refused", got.startswith(b"error text=") and got.endswith(b"\n"), got)
for name, data in {"a NUL": b"status\0\n", "a line that is too long": b"x" * 5000, "random bytes": os.urandom(3000).replace(b"\n", b"")}.items():
    got = answer(data)
    verdict(name + " ends the connection", b"ok" not in got and got != b"!timeout", got)
got = answer(b"bootchart name=web\n")
verdict("the boot is told as records", got.startswith(b"ok\nmachine ") and got.endswith(b"\nend\n"), got)
got = answer(b"await_boot\n")
verdict("who waited for the boot and stays is dropped", got == b"ok\n", got)
verdict("who says nothing is dropped", answer(b"stat") in (b"", b"!ConnectionResetError"))
verdict("frames that are none end an exec", b"F\0" in answer(b"exec name=web\n" + b"Z\0\0\1x"))
verdict("a frame that is too long too", b"F\0" in answer(b"exec name=web\n" + b"A\0\xff\xff"))
# More than there is room for; those that were first may be dropped by then.
idle = [client() for _ in range(24)]
for s in idle:
    try: s.sendall(b"status")
    except OSError: pass
time.sleep(1)
for s in idle: s.close()
# One that asks for much and reads nothing.
deaf = client()
deaf.sendall(b"exec name=web\n" + b"".join(b"A\0" + bytes([0, len(w)]) + w for w in (b"/bin/busybox", b"yes")) + b"S\0\0\0")
time.sleep(2)
open(sys.argv[2], "w").close()
time.sleep(10)
END
python3 "$TEST_TMP/hostile.py" "$XDG_RUNTIME_DIR/slipway/control-kernel+squashfs" "$TEST_TMP/deaf" > "$TEST_TMP/hostile" &
hostile=$!
check "hostile clients are through" until_ok 240 test -e "$TEST_TMP/deaf"
check "beside one that reads nothing, others are served" ctl status
wait "$hostile"
cat "$TEST_TMP/hostile"
same "each is refused, dropped or told what it may know" 14 "$(grep -c '^ok' "$TEST_TMP/hostile")"

# --- the process between port and socket is killed
for i in 1 2 3; do
	"$SLIPWAY" ctl exec --host /bin/busybox killall -9 control > /dev/null 2>&1
	check "killed, the way is there again ($i)" until_ok 30 ctl status web
done
after=$(own_memory)
check "PID 1 has not grown: $before and $after kB" [ "$after" -le $((before + 8)) ]
# One that waited for the boot, and never goes: the end of the machine comes all the same.
python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b"await_boot\n")
print(s.recv(10).decode(), end="", flush=True)
time.sleep(300)' "$XDG_RUNTIME_DIR/slipway/control-kernel+squashfs" > "$TEST_TMP/stays" &
stays=$!
check "one that has waited for the boot stays" until_ok 30 grep -q ok "$TEST_TMP/stays"
check "poweroff" ctl poweroff
status=0; wait "$machine" || status=$?
kill "$stays"
same "ends the machine in order" 0 "$status"
check "and nothing is left to connect to" [ ! -e "$XDG_RUNTIME_DIR/slipway/control-kernel+squashfs" ]
refuses "then no machine runs" "no machine runs" status
finish
