#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The OCI runtime-spec 1.3, config.md: process, user, hostname and domainname. POSIX sh: it runs in a guest too.
# shellcheck shell=sh disable=SC2034,SC2154,SC2016,SC2119,SC2254,SC2317,SC3043,SC3045
set -u
. "$TOP/tests/conformance/lib-spec.sh"

# --- Process

it "config.md/Process: cwd is the working directory"
cwd='"/srv"'
run pwd
is /srv
it "config.md/Process: cwd MUST be an absolute path"
cwd='"srv"'
run true
errs
it "config.md/Process: cwd is REQUIRED"
cwd='""'
run true
errs
it "config.md/Process: env is the environment"
env='"PATH=/bin","A=1 2","B_c=","Z=a=b"'
args='"/bin/env"'
run
line '^A=1 2$'
also "config.md/Process: env, an empty value and one with an equals sign"
line '^B_c=$'
also "config.md/Process: env, all of the value"
line '^Z=a=b$'
also "config.md/Process: nothing of the runtime's environment reaches the process"
lacks "RUNTIME="
it "config.md/Process: args as execvp's argv"
args='"/bin/sh","-c","printf %s:%s:%s \"$0\" \"$1\" \"$2\"","zero","one two",""'
run
is "zero:one two:"
it "config.md/Process: args[0] is looked for in PATH as execvp does"
env='"PATH=/srv:/bin"' args='"echo","found"'
run
is found
it "config.md/Process: args needs at least one entry"
args=''
run
errs
it "config.md/Process: a program that is not there: an error"
args='"/no/such"'
run
errs "/no/such"
it "config.md/Process: process MAY be absent when the container is created"
no_process=1
create
succeeds
also "config.md/Process: process is REQUIRED when start is called"
command_ start "$id"
holds test "$status" -ne 0
gone
it "config.md/Process: terminal defaults to false"
run 'test -t 0 || test -t 1 || test -t 2 || echo none'
is none
it "config.md/Process: consoleSize MUST be ignored where terminal is false"
process=',"terminal":false,"consoleSize":{"height":10,"width":20}'
run 'echo fine'
is fine

it "config.md/Process: env, of a variable that is given twice the last"
env='"ONE=1","PATH=/bin","TWO=2","ONE=","TWO=22","PLAIN"'
run 'tr "\0" "\n" </proc/self/environ'
is "PATH=/bin
ONE=
TWO=22
PLAIN
HOME=/root"

# A terminal goes to a console socket; receiver.c takes it there.
# terminal SCRIPT: what the terminal says.
terminal()
{
	config "$1"
	rm -f "$TEST_TMP/tty"
	"$SPEC_RECEIVER" terminal "$TEST_TMP/tty" >"$TEST_TMP/tty.out" 2>&1 &
	receiver=$!
	until_true 10 test -S "$TEST_TMP/tty"
	status=0
	rt run --detach --console-socket "$TEST_TMP/tty" --bundle "$BUNDLE" "$id" >"$TEST_TMP/out" 2>&1 </dev/null || status=$?
	if [ "$status" -eq 0 ]; then wait "$receiver"; else kill "$receiver"; fi
	out=$(cat "$TEST_TMP/out"; tr -d '\r' <"$TEST_TMP/tty.out")
	gone
}
if [ -x "${SPEC_RECEIVER:-}" ]; then
	it "config.md/Process: terminal, a pseudoterminal is on the standard streams"
	process=',"terminal":true,"consoleSize":{"height":10,"width":33}'
	terminal 'for f in 0 1 2; do readlink /proc/self/fd/$f; done; stty size; stat -c %t:%T /dev/console; (: </dev/tty) && echo controls'
	says "/dev/pts/0
/dev/pts/0
/dev/pts/0"
	also "config.md/Process: consoleSize is the size of the terminal"
	line '^10 33$'
	also "config-linux.md/Default Devices: /dev/console is the terminal"
	line '^88:0$'
	also "config.md/Process: the terminal controls the process"
	line '^controls$'
else
	for n in "config.md/Process: terminal, a pseudoterminal is on the standard streams" "config.md/Process: consoleSize is the size of the terminal" \
		"config-linux.md/Default Devices: /dev/console is the terminal"; do
		it "$n"
		skipped "receiver.c is not compiled"
	done
fi

# --- POSIX process

# Name in /proc/self/limits, soft and hard: below what a process may have by default, so that nobody needs to raise one.
limits='CORE=Max_core_file_size 0 0
CPU=Max_cpu_time 600 700
DATA=Max_data_size 1000000000 1100000000
FSIZE=Max_file_size 500000000 600000000
LOCKS=Max_file_locks 100 200
MEMLOCK=Max_locked_memory 4096 8192
MSGQUEUE=Max_msgqueue_size 4096 8192
NOFILE=Max_open_files 100 200
NPROC=Max_processes 300 400
RSS=Max_resident_set 1000000000 1100000000
RTTIME=Max_realtime_timeout 10000 20000
SIGPENDING=Max_pending_signals 100 200
STACK=Max_stack_size 4000000 5000000
AS=Max_address_space 2000000000 2100000000
NICE=Max_nice_priority 0 0
RTPRIO=Max_realtime_priority 0 0'
it "config.md/POSIX process: rlimits"
list=$(echo "$limits" | while read -r n soft hard; do printf ',{"type":"RLIMIT_%s","soft":%s,"hard":%s}' "${n%%=*}" "$soft" "$hard"; done)
process=",\"rlimits\":[${list#,}]"
run 'sed "s/\([a-z]\) \([a-z]\)/\1_\2/g; s/\([a-z]\) \([a-z]\)/\1_\2/g" /proc/self/limits | while read -r n s h u; do echo "$n=$s $h"; done'
all=$out
while read -r n soft hard; do
	also "config.md/POSIX process: rlimits RLIMIT_${n%%=*}: rlim_cur and rlim_max MUST match"
	value_is "${n#*=}" "$soft $hard"
done <<END
$limits
END
it "config.md/POSIX process: rlimits, a type that cannot be mapped MUST be an error"
process=',"rlimits":[{"type":"RLIMIT_NOSUCH","soft":1,"hard":1}]'
run true
errs RLIMIT_NOSUCH
it "config.md/POSIX process: rlimits, the same type twice MUST be an error"
process=',"rlimits":[{"type":"RLIMIT_CORE","soft":1,"hard":1},{"type":"RLIMIT_CORE","soft":1,"hard":1}]'
run true
errs RLIMIT_CORE
it "config.md/POSIX process: rlimits, a hard limit is raised"
process=',"rlimits":[{"type":"RLIMIT_NOFILE","soft":1048570,"hard":1048573}]'
if [ "$(ulimit -H -n)" = unlimited ] || [ "$(ulimit -H -n)" -ge 1048573 ]; then process=',"rlimits":[{"type":"RLIMIT_MEMLOCK","soft":68719476736,"hard":68719476736}]'; fi
if has_capability $CAP_SYS_RESOURCE; then
	run 'ulimit -H -n; ulimit -H -l'
	line '^(1048573|67108864)$'
else
	skipped "raising a limit needs CAP_SYS_RESOURCE, which this machine lacks"
fi

# --- Linux process

it "config.md/Linux Process: capabilities, a name that cannot be mapped MUST be logged as a warning"
caps='"bounding":["CAP_KILL","CAP_NO_SUCH"],"effective":["CAP_KILL"],"permitted":["CAP_KILL"]'
run 'echo runs'
says CAP_NO_SUCH
also "config.md/Linux Process: capabilities, and the runtime SHOULD NOT fail"
line '^runs$'
it "config.md/Linux Process: capabilities, one that cannot be granted MUST be logged as a warning"
caps='"bounding":["CAP_KILL","CAP_SYS_RESOURCE"],"effective":["CAP_KILL","CAP_SYS_RESOURCE"],"permitted":["CAP_KILL","CAP_SYS_RESOURCE"]'
if has_capability $CAP_SYS_RESOURCE; then
	skipped "this machine can grant all of them"
else
	run 'echo runs'
	says CAP_SYS_RESOURCE
	also "config.md/Linux Process: capabilities, and one that cannot be granted SHOULD NOT be a failure"
	line '^runs$'
fi
it "config.md/Linux Process: capabilities, each set is the one configured"
caps='"bounding":["CAP_KILL","CAP_CHOWN","CAP_SETUID"],"effective":["CAP_KILL"],"permitted":["CAP_KILL","CAP_CHOWN"],"inheritable":["CAP_KILL"],"ambient":["CAP_KILL"]'
# Two exec: the second one shows what the sets of the first became; so busybox reads itself, without a shell between.
args='"/bin/grep","Cap","/proc/self/status"' user='{"uid":1000,"gid":1000}'
run
line '^CapBnd:.0*a1$'
also "config.md/Linux Process: capabilities, ambient"
line '^CapAmb:.0*20$'
also "config.md/Linux Process: capabilities, inheritable"
line '^CapInh:.0*20$'
also "config.md/Linux Process: capabilities, effective of an ordinary user comes from the ambient set"
line '^CapEff:.0*20$'
it "config.md/Linux Process: capabilities, effective and permitted of root are bounded"
run 'grep Cap /proc/self/status'
line '^CapEff:.0*21$'
also "config.md/Linux Process: capabilities, permitted"
line '^CapPrm:.0*21$'
it "config.md/Linux Process: capabilities, ambient that cannot be raised MUST be a warning"
caps='"bounding":["CAP_KILL"],"effective":["CAP_KILL"],"permitted":["CAP_KILL"],"inheritable":[],"ambient":["CAP_KILL"]'
config 'grep CapAmb /proc/self/status'
status=0
out=$(rt --log "$TEST_TMP/warnings" run --bundle "$BUNDLE" "$id" 2>&1 </dev/null; cat "$TEST_TMP/warnings") || status=$?
says "level=warning msg=\"process.capabilities: can't raise ambient capability CAP_KILL: "
also "config.md/Linux Process: capabilities, ambient that cannot be raised is left out"
line '^CapAmb:.0*$'
it "config.md/Linux Process: capabilities, none"
caps='"bounding":[],"effective":[],"permitted":[],"inheritable":[],"ambient":[]'
run 'grep -c "^Cap...:.0000000000000000$" /proc/self/status'
is 5
it "config.md/Linux Process: noNewPrivileges true"
process=',"noNewPrivileges":true'
run 'grep NoNewPrivs /proc/self/status'
line '^NoNewPrivs:.1$'
it "config.md/Linux Process: noNewPrivileges defaults to false"
run 'grep NoNewPrivs /proc/self/status'
line '^NoNewPrivs:.0$'
it "config.md/Linux Process: oomScoreAdj set MUST be the process's"
process=',"oomScoreAdj":321'
run 'cat /proc/self/oom_score_adj'
is 321
it "config.md/Linux Process: oomScoreAdj not set MUST NOT change it"
config 'cat /proc/self/oom_score_adj'
out=$(echo 123 >/proc/self/oom_score_adj; exec "$RUNTIME" --root "$STATE" run --bundle "$BUNDLE" "$id" 2>&1 </dev/null)
# In a subshell of a shell, "self" is the subshell; of one that forks for the redirection it may not be.
is 123
it "config.md/Linux Process: oomScoreAdj 0 is a value like others"
process=',"oomScoreAdj":0'
config 'cat /proc/self/oom_score_adj'
if has_capability $CAP_SYS_RESOURCE; then
	out=$(echo 123 >/proc/self/oom_score_adj; exec "$RUNTIME" --root "$STATE" run --bundle "$BUNDLE" "$id" 2>&1 </dev/null)
	is 0
else
	skipped "lowering the value needs CAP_SYS_RESOURCE, which this machine lacks"
fi
# Fields 19 and 41 of proc(5): nice value, policy; of the shell itself, for what it forks may have others.
scheduling='cut -d ")" -f 2 /proc/$$/stat | { read -r a; set -- $a; shift 16; echo "nice=$1"; shift 22; echo "policy=$1"; }'
it "config.md/Linux Process: scheduler SCHED_BATCH and its nice value"
process=',"scheduler":{"policy":"SCHED_BATCH","nice":7}'
run "$scheduling"
value_is policy 3
also "config.md/Linux Process: scheduler, nice"
value_is nice 7
it "config.md/Linux Process: scheduler SCHED_IDLE"
process=',"scheduler":{"policy":"SCHED_IDLE"}'
run "$scheduling"
value_is policy 5
it "config.md/Linux Process: scheduler SCHED_OTHER, nice not set is 0"
process=',"scheduler":{"policy":"SCHED_OTHER"}'
run "$scheduling"
value_is nice 0
it "config.md/Linux Process: scheduler SCHED_NOSUCH: an error"
process=',"scheduler":{"policy":"SCHED_NOSUCH"}'
run true
errs
it "config.md/Linux Process: ioPriority"
process=',"ioPriority":{"class":"IOPRIO_CLASS_BE","priority":6}'
run 'ionice -p $$'
line 'best-effort: prio 6'
it "config.md/Linux Process: ioPriority IOPRIO_CLASS_IDLE"
process=',"ioPriority":{"class":"IOPRIO_CLASS_IDLE","priority":0}'
run 'ionice -p $$'
line 'idle'
it "config.md/Linux Process: ioPriority of an unknown class: an error"
process=',"ioPriority":{"class":"IOPRIO_CLASS_NOSUCH","priority":0}'
run true
errs
# A policy of real time is for who may be nice to nobody (CAP_SYS_NICE).
for p in "SCHED_FIFO 1" "SCHED_RR 2"; do
	it "config.md/Linux Process: scheduler ${p% *} and its priority"
	process=',"scheduler":{"policy":"'${p% *}'","priority":3,"flags":["SCHED_FLAG_RESET_ON_FORK"]}'
	config "$scheduling; sh /child"
	if [ -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ]; then
		skipped "cgroups of this kernel give out real time, and it has none to give"
	elif has_capability $CAP_SYS_NICE; then
		printf '%s\n' "$scheduling" | sed 's/policy=/child=/' >"$ROOTFS/child"
		run "$scheduling; sh /child; :"
		value_is policy "${p#* }"
		also "config.md/Linux Process: scheduler SCHED_FLAG_RESET_ON_FORK with ${p% *}"
		value_is child 0
	else
		skipped "it needs CAP_SYS_NICE, which this machine lacks"
	fi
done
rm -f "$ROOTFS/child"
it "config.md/Linux Process: scheduler, an unknown flag: an error"
process=',"scheduler":{"policy":"SCHED_OTHER","flags":["SCHED_FLAG_NOSUCH"]}'
run true
errs SCHED_FLAG_NOSUCH
it "config.md/Linux Process: execCPUAffinity does not apply to the container's first process"
process=',"execCPUAffinity":{"initial":"0","final":"0"}'
cpus='sed -n "s/^Cpus_allowed_list:.//p" /proc/self/status'
detach "$cpus >/cpus; exec sleep 100"
until_true 10 test -s "$ROOTFS/cpus"
out=$(cat "$ROOTFS/cpus")
is "$(cat "$(in_cgroup cpuset)/cpuset.cpus.effective" 2>/dev/null || cat "$(in_cgroup cpuset)/cpuset.effective_cpus" 2>/dev/null || cat /sys/devices/system/cpu/online)"
also "config.md/Linux Process: execCPUAffinity, final is where exec runs"
command_ exec "$id" sh -c "$cpus"
is 0
gone
rm -f "$ROOTFS/cpus"
it "config.md/Linux Process: execCPUAffinity that is no list: an error"
process=',"execCPUAffinity":{"final":"0,x"}'
run true
errs execCPUAffinity
# Without the kernel's part the property cannot be applied (runtime.md, "Create").
it "config.md/Linux Process: apparmorProfile where it cannot be applied MUST be an error"
process=',"apparmorProfile":"no-such-profile"'
run true
errs no-such-profile
it "config.md/Linux Process: selinuxLabel where it cannot be applied MUST be an error"
process=',"selinuxLabel":"no:such:label:s0"'
if [ -e /sys/fs/selinux/enforce ]; then skipped "SELinux is on here"; else run true; errs selinuxLabel; fi

# --- User

it "config.md/POSIX-platform User: uid and gid"
user='{"uid":1000,"gid":1001,"additionalGids":[5,6],"umask":63}'
run 'grep -E "^(Uid|Gid|Groups|Umask):" /proc/self/status | tr "\t" " "'
line '^Uid: 1000 1000 1000 1000$'
also "config.md/POSIX-platform User: gid"
line '^Gid: 1001 1001 1001 1001$'
also "config.md/POSIX-platform User: additionalGids"
line '^Groups: .*5 6 *$'
also "config.md/POSIX-platform User: umask"
line '^Umask: 0077$'
it "config.md/POSIX-platform User: no group of the caller's is left"
user='{"uid":1000,"gid":1001}'
run 'id -G'
is 1001

# --- Hostname, domainname

it "config.md/Hostname: as seen inside"
top=',"hostname":"mrsdalloway","domainname":"foobarbaz.test"'
before=$(cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname)
run 'cat /proc/sys/kernel/hostname; uname -n'
is "mrsdalloway
mrsdalloway"
it "config.md/Domainname: as seen inside"
top=',"hostname":"mrsdalloway","domainname":"foobarbaz.test"'
run 'cat /proc/sys/kernel/domainname'
is foobarbaz.test
also "config.md/Hostname: the machine's own are unchanged"
out=$(cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname)
is "$before"

finish_spec "config.md, process"
