# SPDX-License-Identifier: Apache-2.0
# `slipway test` with a stand-in for QEMU that says what a machine could say, and worse. tests/qemu/test-command.sh boots machines.
set -u
. "$TOP/tests/lib.sh"
cd "$TEST_TMP" || exit 1
export XDG_CACHE_HOME=$TEST_TMP/cache TMPDIR=$TEST_TMP/tmp
mkdir tmp

# manifest NAME LINES...: one service `unit`, and what is added.
manifest()
{
	printf '%s\n' "kernel: {image: slipway/kernel-debian, cmdline: console=ttyS0, modules: []}" "services:" \
		"  - {name: unit, image: slipway/busybox, command: [/bin/busybox, 'true']}" "${@:2}" > "$1.yml"
}
manifest app
manifest left "test: {artifacts: [/results], timeout: 30s}"
manifest two "  - {name: other, image: slipway/busybox, command: [/bin/busybox, 'true']}"
manifest timed "  - {name: other, image: slipway/busybox, command: [/bin/busybox, 'true'], schedule: 5m}"

. "$TOP/tests/functional/lib-qemu.sh"

# run ARGUMENTS...: leaves $status, out and err.
run()
{
	status=0
	timeout 60 "$SLIPWAY" test --store "$PACKAGE_STORE" --kvm off --qemu "$TEST_TMP/qemu" "$@" > out 2> err < /dev/null || status=$?
}
# refuses TEXT ARGUMENTS...: status 125, TEXT on the last line of standard error, and nothing on standard output.
refuses()
{
	run "${@:2}"
	if [ "$status" = 125 ] && [ ! -s out ] && tail -n 1 err | grep -qF -- "$1"; then ok "test ${*:2}"; else not_ok "test ${*:2}" "status $status: $(cat err)"; fi
}
# ends NAME STATUS TEXT: what the last run came to; TEXT is on standard error.
ends()
{
	if [ "$status" = "$2" ] && grep -qF -- "$3" err; then ok "$1"; else not_ok "$1" "status $status: $(cat err)"; fi
}

# --- command lines that cannot be done
guest 'leave 0'
refuses "missing operand"
refuses "none.yml: there is no such file; check the path" none.yml
refuses "did you mean '--timeout'?" --timeot 1 app.yml
refuses "'two.yml' has more than one service; say which one is the test with 'test: {service: NAME}' or --service" two.yml
refuses "--service: 'two.yml' has no service 'third'" --service third two.yml
refuses "the service 'other' has a schedule, and a test runs once" --service other timed.yml
refuses "--artifacts: 'app.yml' names none; add 'test: {artifacts: [PATH]}' or --collect PATH" --artifacts new app.yml
refuses "--collect needs --artifacts DIR" --collect /results app.yml
refuses "--collect: expected an absolute path, got 'results'" --artifacts new --collect results app.yml
mkdir full && touch full/file
refuses "--artifacts: 'full' is not empty; give another directory, so that nothing is mixed" --artifacts full left.yml
refuses "--artifacts: cannot open the directory 'qemu': Not a directory" --artifacts qemu left.yml
refuses "--artifacts-max: expected a number from 1" --artifacts-max 0 left.yml
refuses "--repeat: expected a number from 1 to 10000" --repeat 0 app.yml
refuses "--parallel: expected a number from 1 to 256" --parallel 257 app.yml
refuses "--publish: a port is one machine's, and --parallel makes several" --parallel 2 -p 1:1 app.yml
refuses "--deterministic: only the format 'kernel+initrd' does without a disk" --deterministic -f kernel+squashfs app.yml
refuses "--deterministic: several CPUs are not" --deterministic --cpus 2 app.yml
refuses "--publish needs the network that --deterministic takes away" --deterministic -p 1:1 app.yml
refuses "--deterministic: KVM does not count instructions" --deterministic --kvm on app.yml
refuses "--deterministic: only a machine of the kind 'q35' is" --deterministic --machine microvm app.yml
refuses "--seed is for --deterministic" --seed 3 app.yml
refuses "'/no/such/qemu' is not there" --qemu /no/such/qemu app.yml
refuses "cannot write './no/such/file'" --log ./no/such/file app.yml
check_fails "and makes no directory" test -e new

# --- how a test ends
guest 'say "first\n"; say "\\x00\\xff second"; echo noise >&$console; leave 0'
run app.yml
same "a good test: status 0" 0 "$status"
check "its output, byte for byte, and nothing else" cmp out <(printf 'first\n\0\377 second')
guest 'say "bad\n"; leave 7'
run app.yml
ends "another status is the test's" 7 "exit status 7, after"
guest 'leave 124'
run app.yml
ends "also where it is that of a timeout" 124 "exit status 124, after"
guest 'say "begun\n"; echo "last words" >&$console; sleep 20'
run --timeout 1 app.yml
ends "a timeout is status 124" 124 "no result within 1 seconds"
check "with the end of the console" grep -q "^    last words" err
same "and what came before it" begun "$(cat out)"
# --- machines without a result, and that say what they may not: a run for each of these
hostile=(
	"the machine ended before its test did" 'kill -9 $$'
	"the machine ended before its test did" 'exit 0'
	"the machine ended before its test did" 'frame X 0 "\\x00"; exit 0'
	"the machine ended before its test did" 'frame X 0 "\\x00"; echo "exit 1" >&$status; exit 0'
	"the test could not be run: boot failed: onboot" 'echo "failed boot failed: onboot" >&$status; echo "exit 1" >&$status; exit 0'
	"the kernel of the machine panicked: out of" 'printf "Kernel panic - not syncing: out of\\x1b[2J luck\r\nmore\n" >&$console; exit 0'
	"with the path '../up', which may not be" 'file "../up"; leave 0'
	"with the path 'a/../../up', which may not be" 'file "a/../../up"; leave 0'
	"with the path 'a/./b', which may not be" 'file "a/./b"; leave 0'
	"with the path '/etc/x', which may not be" 'file "/etc/x"; leave 0'
	"with the path '', which may not be" 'file ""; leave 0'
	"with the path 'a/', which may not be" 'file "a/"; leave 0'
	"with a path that may not be" 'file "a\\x00b"; leave 0'
	"00000', which may not be" 'file "$(printf "%0300d" 0)"; leave 0'
	"a/a/b', which may not be" 'file "$(printf "a/%.0s" {1..70})b"; leave 0'
	"artifact 'a': cannot write it: File exists" 'file a; file a; leave 0'
	"artifact 'a/b': cannot open its directory: Not a directory" 'file a; file a/b; leave 0'
	"artifact 'c': cannot write it: File exists" 'file c/b; file c; leave 0'
	"the machine sends bytes of no artifact" 'frame D 1 x; leave 0'
	"more than 1 MiB; --artifacts-max lets more in" \
		'frame P 0 "\\x00a"; block=$(printf "D\\1\\x0f\\xa0%04000d" 0); for i in {1..300}; do printf %s "$block" >&$test; done; leave 0'
	"the machine sends more than 10000 artifacts" \
		'for i in {10000..20001}; do printf "P\0\0\006\0%s" $i; done >&$test; leave 0'
	"what no test has to say" 'frame O 0 ""; leave 0'
	"what no test has to say" 'frame X 0 "12"; leave 0'
	"a frame of 65539 bytes" 'printf "D\0\377\377" >&$test; sleep 5'
	"goes on after the end of its test" 'frame X 0 "\\x00"; say "more"; sleep 5'
)
{
	echo 'n=1; until mkdir "$TMPDIR/number-$n" 2> /dev/null; do n=$((n + 1)); done; case $n in'
	for ((i = 0; i < ${#hostile[@]}; i += 2)); do printf '%d) %s ;;\n' $((i / 2 + 1)) "${hostile[i + 1]}"; done
	echo 'esac'
} > guest
run --artifacts art --artifacts-max 1 --repeat $((${#hostile[@]} / 2)) left.yml
ends "hostile machines" 125 "$((${#hostile[@]} / 2)) runs: 0 passed"
check "without the control characters of a console" grep -qF "panicked: out of?[2J luck, after" err
check "that QEMU was killed is told" grep -q "run 1: error: .* was killed by signal 9 (Killed)" err
for ((i = 0; i < ${#hostile[@]}; i += 2)); do
	check "hostile: ${hostile[i + 1]:0:40}" grep -q "^slipway: error: run $((i / 2 + 1)): .*$(sed 's/[.*]/\\&/g' <<< "${hostile[i]}")" err
done
same "nothing is left of what they sent" "" "$(compgen -G 'art*')"
rm -r tmp/number-*
guest 'file results/a one; file results/b/c two; frame P 0 "\\x01results/run"; frame E 0 ""; frame M 0 "results/\\x1blink: is a link"; leave 3'
run --artifacts art left.yml
ends "a test that fails leaves its artifacts, too" 3 "exit status 3"
same "with their contents" "one two" "$(cat art/results/a) $(cat art/results/b/c)"
check "one of which can be executed" test -x art/results/run -a ! -x art/results/a
check "what is missing is named, without its control characters" grep -qF "artifact left out: results/?link: is a link" err
rm -r art

# What the command line says of a test is in the image.
guest 'cp "$(grep -oP -- "-initrd \K[^ ]*" <<< "$arguments")" "$TEST_TMP/initrd"; leave 0'
for other in "--service unit" "--service other" "--service other --artifacts art --collect /x" "--service other --artifacts art --collect /y"; do
	run -f kernel+initrd $other two.yml
	sha256sum < initrd
	rm -rf art
done > sums
same "another service or artifact is another image" 4 "$(sort -u sums | wc -l)"

# --- several runs
# Each takes a number.
cat > guest <<'END'
n=1
until mkdir "$TMPDIR/number-$n" 2> /dev/null; do n=$((n + 1)); done
say "this is $n\n"
[ "$n" != 3 ] || leave 9
leave 0
END
run --repeat 5 --junit junit.xml app.yml
ends "one of five fails: its status" 9 "5 of 5 runs: 4 passed, 1 did not"
same "all say something, in order" "this is 1,this is 2,this is 3,this is 4,this is 5," "$(tr '\n' ',' < out)"
rm -r tmp/number-*
run --repeat 5 --until-failure app.yml
ends "--until-failure stops there" 9 "3 of 5 runs: 2 passed, 1 did not"
rm -r tmp/number-*
run --repeat 8 --parallel 4 --artifacts art --collect /x --log log app.yml
ends "side by side" 9 "8 of 8 runs: 7 passed, 1 did not"
same "no output is torn" 8 "$(grep -c '^this is [1-8]$' out)"
same "each has its console and its artifacts" "8 8" "$(ls -d log.[1-8] | wc -l) $(ls -d art/[1-8] | wc -l)"
rm -r tmp/number-* art
guest 'say "x"; mkdir -p begun; sleep 30'
status=0
"$SLIPWAY" test --store "$PACKAGE_STORE" --kvm off --qemu "$TEST_TMP/qemu" --repeat 4 --parallel 2 --artifacts art \
	--collect /x --junit interrupted.xml app.yml > out 2> err < /dev/null &
# A shell has its background jobs ignore SIGINT.
for _ in {1..300}; do [ -d begun ] && break; sleep 0.1; done
sleep 1
kill -TERM $!
wait $! || status=$?
ends "a signal" 130 "2 of 4 runs: 0 passed, 2 did not"
same "leaves no directory" "" "$(compgen -G 'art*')"
sleep 0.2
check_fails "and no process" pgrep -f "$TEST_TMP/qemu"
same "temporary files have no names" "" "$(ls tmp)"

# --- the report
same "five cases, one failure" "5 1" "$(grep -c '<testcase ' junit.xml) $(grep -c '<failure type="failed" message="exit status 9">this is 3' junit.xml)"
guest 'say "<&>\"]]>\\x00\\x1b\\xff\\xc3\\xa9\\xef\\xbf\\xbe\n"; leave 2'
run --junit junit.xml app.yml
check "it is well-formed, whatever a test writes" python3 -c '
import sys, xml.etree.ElementTree as e
root = e.parse("junit.xml").getroot()
case = root.find("./testsuite/testcase")
assert root.get("tests") == "1" and root.get("failures") == "1" and root.get("errors") == "0", root.attrib
assert case.get("name") == "unit" and case.get("classname") == "app" and float(case.get("time")) < 60, case.attrib
expected = "<&>\"]]>\ufffd\ufffd\ufffd\u00e9\ufffd\n"
assert case.find("failure").text == expected == case.find("system-out").text, repr(case.find("failure").text)'
check "an interrupted run is an error in it" grep -q '<error type="interrupted" message="interrupted">x</error>' interrupted.xml

# --- deterministic and recorded
guest 'say "always\n"; printf "instructions 12345\n" > "$(grep -oP -- "-D \K[^ ]*" <<< "$arguments")"; leave 0'
run --deterministic --repeat 2 --parallel 2 app.yml
same "the same each time" "0 2" "$status $(grep -c ': 12345 instructions$' err)"
guest 'say "always $BASHPID\n"; leave 0'
run --deterministic --repeat 2 app.yml
ends "another output is a failure" 1 "run 2: another output than that of run 1, though deterministic"
guest 'printf "instructions $BASHPID\n" > "$(grep -oP -- "-D \K[^ ]*" <<< "$arguments")"; leave 0'
run --deterministic --repeat 2 app.yml
ends "and so is another number of instructions" 1 "run 2: another number of instructions than that of run 1"
cat > guest <<'END'
printf '%s\n' "$arguments" > arguments
leave 5
END
run --deterministic --seed 7 --record "again.sh" app.yml
for word in "-icount shift=0,sleep=off" "-seed 7" "clock=vm" "-accel tcg,thread=single" "ioeventfd=off" "-append panic=-1"; do
	check "QEMU has '$word'" grep -qF -- "$word" arguments
done
check_fails "and neither a disk nor a network nor numbers from outside" grep -q -e "-blockdev\|-netdev\|virtio-rng" arguments
mv arguments before
(cd / && "$TEST_TMP/again.sh" > /dev/null < /dev/null)
same "--record: the script leaves with the status" 5 "$?"
same "and has the same machine" "$(sed 's/-chardev [^ ]*//g; s/-mon [^ ]*//; s/-D [^ ]*//' before | tr -s ' ')" \
	"$(sed 's/-chardev [^ ]*//g; s/-mon [^ ]*//; s/-D [^ ]*//' arguments | tr -s ' ')"
finish
