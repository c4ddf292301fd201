# SPDX-License-Identifier: Apache-2.0
# Several machines from one file, with a stand-in for QEMU. tests/qemu/machines.sh boots them.
set -u
. "$TOP/tests/lib.sh"
cd "$TEST_TMP" || exit 1
export XDG_CACHE_HOME=$TEST_TMP/cache XDG_RUNTIME_DIR=$TEST_TMP/runtime TMPDIR=$TEST_TMP/tmp SLIPWAY_STORE=$PACKAGE_STORE
mkdir tmp runtime
. "$TOP/tests/functional/lib-qemu.sh"

BUSYBOX="image: slipway/busybox, command: [/bin/busybox, 'true']"
KERNEL="kernel: {image: slipway/kernel-debian, cmdline: console=ttyS0, modules: []}"
# cluster NAME LINES...: machines of one service each, for what is said behind it.
cluster()
{
	printf '%s\n' "$KERNEL" "services: [{name: unit, $BUSYBOX}]" "machines:" "${@:2}" > "$1.yml"
}
cluster app "  - {name: db, memory: 96M}" "  - {name: client, cpus: 2, test: {artifacts: [/results], timeout: 30s}}"
cluster both "  - {name: one, test: {}}" "  - {name: two, test: {}}"
cluster weak "  - {name: db, critical: false}" "  - {name: client, test: {}}"

# do_test ARGUMENTS..., do_run ARGUMENTS...: leaves $status, out and err.
do_test()
{
	status=0
	timeout 60 "$SLIPWAY" test --kvm off --qemu "$TEST_TMP/qemu" "$@" > out 2> err < /dev/null || status=$?
}
do_run()
{
	status=0
	timeout 60 "$SLIPWAY" run --kvm off --qemu "$TEST_TMP/qemu" "$@" > out 2> err < /dev/null || status=$?
}
# ends NAME STATUS TEXT: what the last one came to; TEXT is on standard error.
ends()
{
	if [ "$status" = "$2" ] && grep -qF -- "$3" err; then ok "$1"; else not_ok "$1" "status $status: $(cat err)"; fi
}
# refuses TEXT COMMAND ARGUMENTS...: nothing is booted.
refuses()
{
	"${@:2}"
	if [ "$status" = 125 ] && [ ! -e booted ] && tail -n 1 err | grep -qF -- "$1"; then ok "${*:2}"; else not_ok "${*:2}" "status $status: $(cat err)"; fi
}
# nobody: no process is left of what was booted.
nobody() { sleep 0.2; ! pgrep -f "$TEST_TMP/qemu" > /dev/null; }

# --- build, plan, lock
check "build" "$SLIPWAY" build --quiet -o out-app app.yml
same "an image for each machine" "out-app-client-cmdline out-app-client-initrd.img out-app-client-kernel out-app-db-cmdline out-app-db-initrd.img out-app-db-kernel" \
	"$(echo out-app*)"
check_fails "each is another" cmp -s out-app-db-initrd.img out-app-client-initrd.img
before=$(stat -c '%n %i' out-app*)
"$SLIPWAY" build --quiet -o out-app app.yml
same "nothing has changed: nothing is written" "$before" "$(stat -c '%n %i' out-app*)"
"$SLIPWAY" plan --machine client app.yml > plan
check "plan: its address" grep -qxF "link name=lan0 match_mac=52:54:00:c8:00:02 address=10.200.0.2/24" plan
check "and its name" grep -q "^machine hostname=client " plan
check "containers have the names of all" python3 -c '
import json, subprocess, sys
config = json.loads(subprocess.check_output([sys.argv[1], "plan", "--machine", "db", "--config", "unit", "app.yml"]))
assert [m for m in config["mounts"] if m["destination"] == "/etc/hosts" and m["source"] == "/etc/hosts" and "ro" in m["options"]]' "$SLIPWAY"
check "lock" "$SLIPWAY" lock app.yml
same "pins the images of all" "docker.io/slipway/busybox:latest docker.io/slipway/kernel-debian:latest" "$(cut -d ' ' -f 1 app.lock | xargs)"
check "which a build keeps to" "$SLIPWAY" build --quiet --locked -o out-app app.yml
rm app.lock

# --- what is one machine's is refused
guest 'touch booted'
check_fails "a chart is of one machine" "$SLIPWAY" bootchart app.yml 2> err
check "which says what to do" grep -qF "start them with 'slipway run', and ask one of them with --name" err
refuses "--publish: there are several machines, and it is one's; say it with 'ports' of a service" do_run -p 1:1 app.yml
refuses "--publish-all: there are several machines" do_run -P app.yml
refuses "--disk: there are several machines" do_run --disk x,size=1M app.yml
refuses "--interactive: there are several machines" do_run -i app.yml
refuses "--vsock: there are several machines" do_run --vsock 3 app.yml
refuses "--name: there are several machines" do_run --name x app.yml
refuses "--publish: there are several machines" do_test -p 1:1 app.yml
refuses "--service: there are several machines; say it with 'test: {service: NAME}'" do_test --service unit app.yml
refuses "--deterministic: each machine has a clock of its own" do_test --deterministic app.yml
refuses "--artifacts: no machine of 'both.yml' names any" do_test --artifacts art both.yml
refuses "--repeat: 5001 runs of 2 machines are more than 10000" do_test --repeat 5001 app.yml
cat > ports.yml <<END
$KERNEL
services: [{name: unit, $BUSYBOX, ports: ["8080:80"]}]
machines: [{name: node, replicas: 2}]
END
refuses "ports: '8080:80' of the machine 'node2' is a port of this host that 'node1' has already" do_run ports.yml
mkdir log.client
guest 'echo "exit 0" >&$status'
do_run --log log app.yml
ends "a log that cannot be written" 125 "slipway: client: --log: cannot write 'log.client': Is a directory"
rmdir log.client

# --- run
do_run --dry-run -m 200 app.yml
same "--dry-run: a command for each" "# client # db" "$(grep '^#' out | sort | xargs)"
check "with its own memory" grep -q -- "-m 96 " out
check "or that of the command line" grep -q -- "-m 200 " out
check "its own CPUs" grep -q -- "-smp 2 " out
check "a card on the network of both" grep -q -- "netdev=lan,mac=52:54:00:c8:00:01" out
same "which is one" 1 "$(grep -o 'mcast=[^,]*' out | sort -u | wc -l)"
group=$(grep -o -m 1 'mcast=[^,]*' out)
do_run --dry-run weak.yml
check_fails "and not that of other machines" grep -qF "$group" out

# The second sends the first a frame.
cat > guest <<'END'
printf 'hello\r\n\033[2Jfrom %d\n' "$number" >&"$console"
if [ "$number" = 2 ]; then
	printf '\377\377\377\377\377\377RT\0\0\0\1..a frame' >&"$lan"
else
	dd bs=2000 count=1 status=none <&"$lan" | tail -c 7 >&"$console"
fi
echo "exit $((number - 1))" >&"$status"
END
do_run --log log app.yml
ends "run: the status of the first one that fails" 1 "has ended with status"
same "lines of each, with its name" "client | ?[2Jfrom 2,client | hello,db     | ?[2Jfrom 1,db     | a frame,db     | hello," "$(sort out | tr '\n' ',')"
check "logs are byte for byte" cmp log.client <(printf 'hello\r\n\033[2Jfrom 2\n')
guest 'echo up >&$console; asked; sleep 0.$number; echo "exit 0" >&$status'
# in_background COMMAND...: signals come when both are up.
in_background()
{
	"$SLIPWAY" "$@" > out 2> err < /dev/null &
	process=$!
	for _ in {1..300}; do [ "$(cat out log.* 2> /dev/null | grep -c 'up$')" -lt 2 ] || break; sleep 0.1; done
}
rm -f log.*
in_background run --kvm off --qemu "$TEST_TMP/qemu" app.yml
check "each has a name for ctl" test -S runtime/slipway/db -a -S runtime/slipway/client
kill -INT "$process"
status=0
wait "$process" || status=$?
ends "Ctrl-C asks all to power off" 0 "asking the machines to power off; once more ends them at once"
same "and they are" 2 "$(grep -c 'asked to power off' out)"
guest 'echo up >&$console; sleep 30'
in_background run --kvm off --qemu "$TEST_TMP/qemu" app.yml
kill -INT "$process"
sleep 0.3
kill -INT "$process"
status=0
wait "$process" || status=$?
ends "once more ends them at once" 130 "asking the machines"
check "and leaves no process" nobody

# --- test
guest 'if [ "$number" = 2 ]; then say "good\nwork"; file results/a one; leave 0; fi; echo up >&$console; asked; sleep 0.3; echo "exit 0" >&$status'
rm -f log.*
do_test --artifacts art --junit junit.xml --log log app.yml
ends "test: passes" 0 "client: passed in"
same "its lines have its name" "client | good,client | work," "$(tr '\n' ',' < out)"
same "artifacts are those of a machine" "one" "$(cat art/client/results/a)"
check "the other is asked to power off, and waited for" grep -q "asked to power off" log.db
check "a case for the machine that is a test" grep -q '<testcase classname="app.client" name="unit"' junit.xml
same "and for no other" 1 "$(grep -c '<testcase' junit.xml)"
rm -r art
guest 'if [ "$number" = 2 ]; then leave 9; fi; asked; echo "exit 4" >&$status'
do_test app.yml
ends "test: the status of the test" 9 "client: exit status 9, after"
guest 'say "from $number\n"; leave $((number * 3))'
do_test --junit junit.xml both.yml
ends "two tests: the status of the first one that fails" 3 "two: exit status 6, after"
same "both are told of" "both.one both.two" "$(grep -o 'classname="[^"]*' junit.xml | cut -c 12- | xargs)"
same "and both are seen" "one | from 1,two | from 2," "$(sort out | tr '\n' ',')"
# Machines that end on their own.
guest 'if [ "$number" = 2 ]; then sleep 20; fi; echo "Kernel panic - not syncing: no luck" >&$console; exit 1'
do_test --junit junit.xml app.yml
ends "one dies before the test ends" 125 "client: the machine 'db' died before the test ended: the kernel of the machine panicked: no luck, after"
check "with the end of its console" grep -q "^    Kernel panic - not syncing: no luck" err
check "which is an error in the report" grep -q '<error type="broken" message="the machine &apos;db&apos; died\|<error type="broken" message="the machine .db. died' junit.xml
check "the test is ended" nobody
guest 'if [ "$number" = 2 ]; then sleep 0.5; leave 0; fi; echo "failed boot failed: onboot" >&$status; echo "exit 1" >&$status; exit 0'
do_test app.yml
ends "one cannot boot" 125 "the machine 'db' died before the test ended: boot failed: onboot"
do_test weak.yml
ends "it need not be critical" 0 "the machine 'db' has died, and the test goes on: boot failed: onboot"
guest 'if [ "$number" = 2 ]; then sleep 0.5; leave 0; fi; echo "exit 0" >&$status'
do_test app.yml
ends "one that powers off is no failure" 0 "the machine 'db' has powered off, and the test goes on"
guest 'if [ "$number" = 2 ]; then sleep 20; fi; echo "last words" >&$console; asked; echo "exit 0" >&$status'
do_test --timeout 1 app.yml
ends "a timeout" 124 "client: no result within 1 seconds, after"
check "ends all" nobody
# Several runs.
guest 'if [ "$number" = 2 ]; then say "x\n"; file results/a; leave 0; fi; asked; echo "exit 0" >&$status'
rm -f log.*
do_test --repeat 3 --parallel 3 --artifacts art --log log --junit junit.xml app.yml
ends "runs side by side" 0 "3 of 3 runs: 3 passed, 0 did not"
same "have their own artifacts, consoles and cases" "3 3 3 3" "$(ls art/[123]/client/results/a | wc -l) $(ls log.[123].db | wc -l) $(ls log.[123].client | wc -l) $(grep -c '<testcase classname="app.client" name="unit (run [123] of 3)"' junit.xml)"
rm -r art log.*
guest 'echo up >&$console; sleep 30'
in_background test --kvm off --qemu "$TEST_TMP/qemu" --log log --artifacts art app.yml
kill -TERM "$process"
status=0
wait "$process" || status=$?
ends "a signal ends all" 130 "client: interrupted, after"
same "leaves no directory" "" "$(compgen -G 'art*')"
check "no process" nobody
check_fails "and no network" pgrep -x -P 1 slipway-lan
# By hand.
guest 'printf "%s\n" "$number" >&$console; if [ "$number" = 2 ]; then leave 6; fi; asked; echo "exit 4" >&$status'
do_test --record ./again.sh app.yml
guest 'printf "%s\n" "$number"; echo "exit $((number + 3))" >&$status'
same "--record: one by its name" "2 5" "$(./again.sh client < /dev/null) $(./again.sh client > /dev/null < /dev/null; echo $?)"
same "and another" "1 4" "$(./again.sh db < /dev/null) $(./again.sh db > /dev/null < /dev/null; echo $?)"
./again.sh > out 2> err
same "or is told the names" "125 usage: ./again.sh db | client" "$? $(cat err)"
finish
