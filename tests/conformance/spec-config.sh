#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The OCI runtime-spec 1.3, config.md: what binds a runtime on Linux, section by section. POSIX sh: it runs in a guest too.
# shellcheck shell=sh disable=SC2034,SC2154,SC2016
set -u
. "$TOP/tests/conformance/lib-spec.sh"

# --- Specification version

for v in 1.0.0 1.0.2-dev 1.1.0 1.2.1 1.3.0-rc.1+build.5; do
	it "config.md/Specification version: $v is within the major version, so it is compatible"
	version="\"$v\""
	run true
	succeeds
done
for v in '""' '"1"' '"1.0"' '"v1.0.0"' '"1.0.0.0"' '"01.0.0"' '"2.0.0"' '"latest"' 1 null; do
	it "config.md/Specification version: $v is not a SemVer of this major version: an error"
	version=$v
	run true
	errs
done

# --- Root

it "config.md/Root: path relative to the bundle"
run 'cat /etc/passwd | head -n 1'
is "root:x:0:0:root:/root:/bin/sh"
it "config.md/Root: an absolute path"
root="{\"path\":\"$ROOTFS\"}"
run 'cat /etc/passwd | head -n 1'
is "root:x:0:0:root:/root:/bin/sh"
it "config.md/Root: a directory MUST exist at path"
root='{"path":"nothing"}'
run true
errs
it "config.md/Root: a file is not a directory"
root='{"path":"config.json"}'
run true
errs
it "config.md/Root: root is REQUIRED"
root=null
run true
errs
it "config.md/Root: path is REQUIRED"
root='{"readonly":true}'
run true
errs
it "config.md/Root: readonly true, the root MUST be read-only"
root='{"path":"rootfs","readonly":true}'
run 'touch /new || grep -c " / / ro\| / ro[, ]" /proc/self/mountinfo; touch /dev/shm/new && echo others'
says "Read-only file system"
also "config.md/Root: readonly is about the root alone"
says others
it "config.md/Root: readonly defaults to false"
run 'touch /tmp/new && rm /tmp/new && echo written'
is written

# --- Mounts

it "config.md/Mounts: entries MUST be mounted in the listed order"
more_mounts=',{"destination":"/m","type":"tmpfs","source":"first"},{"destination":"/m/in","type":"tmpfs","source":"second"},
	{"destination":"/srv/over","type":"tmpfs","source":"third"},{"destination":"/srv","type":"tmpfs","source":"fourth"}'
run 'sed -n "s/.* - tmpfs \(first\|second\|third\|fourth\) .*/\1/p" /proc/self/mountinfo; ls /m /srv'
is "first
second
third
fourth
/m:
in

/srv:"
it "config.md/Mounts: a relative destination MUST be interpreted as relative to /"
more_mounts=',{"destination":"m/relative","type":"tmpfs","source":"relative"}'
run 'grep -c " /m/relative .* relative " /proc/self/mountinfo'
is 1
it "config.md/Mounts: a bind's source relative to the bundle"
mkdir -p "$BUNDLE/data"
echo found >"$BUNDLE/data/file"
more_mounts=',{"destination":"/m/d","source":"data","options":["bind"]},{"destination":"/m/f","source":"data/file","options":["bind"]}'
run 'cat /m/d/file /m/f'
is "found
found"
it "config.md/Mounts: an absolute source"
more_mounts=',{"destination":"/m/d","type":"none","source":"'$BUNDLE/data'","options":["rbind"]}'
run 'cat /m/d/file'
is found
it "config.md/Mounts: a type the kernel does not have: an error"
more_mounts=',{"destination":"/m/x","type":"nosuchfs","source":"x"}'
run true
errs
it "config.md/Mounts: a source that is not there: an error"
more_mounts=',{"destination":"/m/x","source":"/no/such","options":["bind"]}'
run true
errs
it "config.md/Mounts: destination is REQUIRED"
more_mounts=',{"type":"tmpfs","source":"x"}'
run true
errs

# Every option on a tmpfs of its own; and what /proc/self/mountinfo has of it: the word of the mount or of the file system.
it "config.md/Linux mount options"
yes='ro nosuid nodev noexec noatime nodiratime nosymfollow relatime sync dirsync lazytime'
kept='async atime defaults dev diratime exec iversion loud noiversion nolazytime norelatime nostrictatime rw silent strictatime suid symfollow mand nomand'
for o in $yes $kept; do
	more_mounts="$more_mounts,{\"destination\":\"/m/$o\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"$o\"]}"
done
for o in $kept; do
	more_mounts="$more_mounts,{\"destination\":\"/m/un$o\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"ro\",\"nosuid\",\"nodev\",\"noexec\",\"noatime\",\"nodiratime\",\"nosymfollow\",\"sync\",\"lazytime\",\"$o\"]}"
done
run 'sed -n "s,^[^ ]* [^ ]* [^ ]* [^ ]* /m/\([^ ]*\) \([^ ]*\) .*- tmpfs tmpfs \(.*\),\1=\2\,\3\,,p" /proc/self/mountinfo'
# after OPTION PLAIN UNDOING: does the line of the option have the word?
has_word() { case ",$(value "$1")," in *",$2,"*) return 0 ;; *) return 1 ;; esac; }
all=$out
for o in $yes; do
	also "config.md/Linux mount options: $o"
	out=$all
	holds has_word "$o" "$o"
done
# What undoes a word, and what says nothing of itself: the mount is there, and the word is gone.
while read -r o undone; do
	also "config.md/Linux mount options: $o"
	if [ -z "$(value "$o")" ] || { [ "$undone" != - ] && has_word "un$o" "$undone"; } || [ -z "$(value "un$o")" ]; then fail; else pass; fi
done <<-END
	async sync
	atime noatime
	defaults -
	dev nodev
	diratime nodiratime
	exec noexec
	iversion -
	loud -
	noiversion -
	nolazytime lazytime
	norelatime noatime
	nostrictatime noatime
	rw ro
	silent -
	strictatime noatime
	suid nosuid
	symfollow nosymfollow
	mand -
	nomand -
END
also "config.md/Linux mount options: an option that is not given is not set"
out=$(value defaults)
for o in ro nosuid nodev noexec noatime sync; do case ",$out," in *",$o,"*) out="$o is set" ;; esac; done
holds test "${out#*is set}" = "$out"

mkdir -p "$TEST_TMP/mnt"
mount -t tmpfs outer "$TEST_TMP/mnt"
mkdir -p "$TEST_TMP/mnt/below"
mount -t tmpfs inner "$TEST_TMP/mnt/below"
it "config.md/Linux mount options: bind leaves what is mounted below"
more_mounts=',{"destination":"/m/b","type":"none","source":"'$TEST_TMP/mnt'","options":["bind"]}'
run 'grep -c " /m/b" /proc/self/mountinfo'
is 1
it "config.md/Linux mount options: rbind takes what is mounted below"
more_mounts=',{"destination":"/m/b","type":"none","source":"'$TEST_TMP/mnt'","options":["rbind"]}'
run 'grep -c " /m/b" /proc/self/mountinfo'
is 2
for o in ro nosuid nodev noexec noatime; do
	it "config.md/Linux mount options: bind with $o changes that mount alone"
	more_mounts=',{"destination":"/m/b","type":"none","source":"'$TEST_TMP/mnt'","options":["rbind","'$o'"]}'
	run 'sed -n "s/^[^ ]* [^ ]* [^ ]* [^ ]* \/m\/b\([^ ]*\) \([^ ]*\) .*/top\1=\2,/p" /proc/self/mountinfo'
	case ",$(value top)" in *",$o,"*) case ",$(value top/below)" in *",$o,"*) fail ;; *) pass ;; esac ;; *) fail ;; esac
done
for o in rro:ro rnosuid:nosuid rnodev:nodev rnoexec:noexec rnoatime:noatime rnodiratime:nodiratime rrelatime:relatime rnosymfollow:nosymfollow; do
	it "config.md/Linux mount options: ${o%:*} reaches what is mounted below"
	more_mounts=',{"destination":"/m/b","type":"none","source":"'$TEST_TMP/mnt'","options":["rbind","'${o%:*}'"]}'
	run 'sed -n "s/^[^ ]* [^ ]* [^ ]* [^ ]* \/m\/b\([^ ]*\) \([^ ]*\) .*/top\1=\2,/p" /proc/self/mountinfo'
	case ",$(value top/below)" in *",${o#*:},"*) pass ;; *) fail ;; esac
done
mount -o remount,bind,ro,nosuid,nodev,noexec,noatime "$TEST_TMP/mnt/below"
for o in rrw:ro rsuid:nosuid rdev:nodev rexec:noexec ratime:noatime rstrictatime:noatime rsymfollow:nosymfollow rdiratime:nodiratime rnorelatime:noatime rnostrictatime:noatime; do
	it "config.md/Linux mount options: ${o%:*} reaches what is mounted below"
	more_mounts=',{"destination":"/m/b","type":"none","source":"'$TEST_TMP/mnt'","options":["rbind","'${o%:*}'"]}'
	run 'sed -n "s/^[^ ]* [^ ]* [^ ]* [^ ]* \/m\/b\([^ ]*\) \([^ ]*\) .*/top\1=\2,/p" /proc/self/mountinfo'
	case ",$(value top/below)" in ,) fail ;; *",${o#*:},"*) fail ;; *) pass ;; esac
done
umount "$TEST_TMP/mnt/below"
umount "$TEST_TMP/mnt"

mount -t tmpfs outer "$TEST_TMP/mnt"
mount --make-shared "$TEST_TMP/mnt"
it "config.md/Linux mount options: propagation"
for o in shared slave private unbindable rshared rslave rprivate runbindable; do
	more_mounts="$more_mounts,{\"destination\":\"/m/$o\",\"type\":\"none\",\"source\":\"$TEST_TMP/mnt\",\"options\":[\"bind\",\"$o\"]}"
done
run 'sed -n "s,^[^ ]* [^ ]* [^ ]* [^ ]* /m/\([^ ]*\) [^ ]* \(.*\)- .*,\1=is \2,p" /proc/self/mountinfo'
umount "$TEST_TMP/mnt"
for o in shared slave private unbindable rshared rslave rprivate runbindable; do
	also "config.md/Linux mount options: $o"
	case ${o#r}:$(value $o) in
	"shared:is "*shared:* | "unbindable:is unbindable "*) pass ;;
	slave:*shared:*) fail ;;
	"slave:is "*master:* | "private:is ") pass ;;
	*) fail ;;
	esac
done
it "config.md/Linux mount options: remount"
more_mounts=',{"destination":"/m/r","type":"tmpfs","source":"tmpfs"},{"destination":"/m/r","type":"tmpfs","source":"tmpfs","options":["remount","ro","nosuid"]}'
run 'sed -n "s/.* \/m\/r \([^ ]*\) .*/\1,/p" /proc/self/mountinfo'
line '^ro,nosuid,'
it "config.md/Linux mount options: what is not known goes to the file system"
more_mounts=',{"destination":"/m/s","type":"tmpfs","source":"tmpfs","options":["size=64k","mode=1750","uid=7"]}'
run 'stat -c "%a %u" /m/s; grep -c " /m/s .*size=64k" /proc/self/mountinfo'
is "1750 7
1"
it "config.md/Linux mount options: what the file system does not know: an error"
more_mounts=',{"destination":"/m/s","type":"tmpfs","source":"tmpfs","options":["nosuchoption"]}'
run true
errs
it "config.md/Linux mount options: tmpcopyup"
mkdir -p "$ROOTFS/srv/up"
echo copied >"$ROOTFS/srv/up/file"
more_mounts=',{"destination":"/srv/up","type":"tmpfs","source":"tmpfs","options":["tmpcopyup"]}'
run 'cat /srv/up/file && echo changed >/srv/up/file'
is copied
also "config.md/Linux mount options: tmpcopyup leaves the image as it was"
holds grep -q copied "$ROOTFS/srv/up/file"
rm -r "$ROOTFS/srv/up"
for o in idmap ridmap; do
	it "config.md/Linux mount options: $o without mappings and without a user namespace: an error MUST be returned"
	more_mounts=',{"destination":"/m/i","type":"none","source":"'$BUNDLE/data'","options":["rbind","'$o'"]}'
	run true
	errs
	it "config.md/Linux mount options: $o MUST use the mount's own mappings"
	more_mounts=',{"destination":"/m/i","type":"none","source":"'$BUNDLE/data'","options":["rbind","'$o'"],
		"uidMappings":[{"containerID":0,"hostID":500,"size":100}],"gidMappings":[{"containerID":0,"hostID":600,"size":100}]}'
	run 'stat -c "%u:%g" /m/i/file'
	if supports '"idmap":{"enabled":true'; then
		case $out in *[Ii]nvalid* | *"not supported"*) skipped "the file system of $TEST_TMP takes no id mapping" ;; *) is "500:600" ;; esac
	else
		name="$name; not built, so it must be refused"
		errs
	fi
done
it "config.md/POSIX-platform Mounts: uidMappings MUST be specified along with gidMappings"
more_mounts=',{"destination":"/m/i","type":"none","source":"'$BUNDLE/data'","options":["rbind","idmap"],"uidMappings":[{"containerID":0,"hostID":500,"size":100}]}'
run true
errs

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
limits='CORE=Max_core_file_size 1024 2048
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
# Fields 19 and 41 of proc(5): nice value, policy.
scheduling='cut -d ")" -f 2 /proc/self/stat | { read -r a; set -- $a; shift 16; echo "nice=$1"; shift 22; echo "policy=$1"; }'
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

# --- Hooks

hook_log=$TEST_TMP/hook.log
# hook SCRIPT: runs in the runtime's namespaces. inside SCRIPT: resolves in the container's.
hook() { printf '{"path":"%s","args":["sh","-c","%s"]%s}' "$BUSYBOX" "$1" "${2:-}"; }
inside() { printf '{"path":"/bin/busybox","args":["sh","-c","%s"]%s}' "$1" "${2:-}"; }
say() { hook "echo $1 >>$hook_log"; }
own() { readlink "/proc/self/ns/$1"; }

it "config.md/POSIX-platform Hooks: kinds in the order of the lifecycle, and each MUST be called in the listed order"
: >"$hook_log"
top=",\"hooks\":{\"poststop\":[$(say poststop1),$(say poststop2)],\"poststart\":[$(say poststart1),$(say poststart2)],
	\"startContainer\":[$(inside "echo startContainer1 >>/hook.log"),$(inside "echo startContainer2 >>/hook.log")],
	\"createContainer\":[$(say createContainer1),$(say createContainer2)],
	\"createRuntime\":[$(say createRuntime1),$(say createRuntime2)],\"prestart\":[$(say prestart1),$(say prestart2)]}"
rm -f "$ROOTFS/hook.log"
create 'echo program >>/hook.log; exec sleep 100'
out=$(tr '\n' ' ' <"$hook_log")
is "prestart1 prestart2 createRuntime1 createRuntime2 createContainer1 createContainer2 "
also "config.md/StartContainer Hooks: not before start"
holds test ! -e "$ROOTFS/hook.log"
command_ start "$id"
until_true 10 grep -q program "$ROOTFS/hook.log"
also "config.md/StartContainer Hooks: MUST be called before the user-specified process, in order"
out=$(tr '\n' ' ' <"$ROOTFS/hook.log")
is "startContainer1 startContainer2 program "
also "config.md/Poststart: MUST be called before start returns, in order"
out=$(tail -n 2 "$hook_log" | tr '\n' ' ')
is "poststart1 poststart2 "
also "config.md/Poststop: not before delete"
out=$(grep -c poststop "$hook_log")
is 0
rt kill "$id" KILL
until_true 10 is_status "$id" stopped
command_ delete "$id"
also "config.md/Poststop: MUST be called before delete returns, in order"
out=$(tail -n 2 "$hook_log" | tr '\n' ' ')
is "poststop1 poststop2 "
rm -f "$ROOTFS/hook.log"

it "config.md/POSIX-platform Hooks: the state MUST be passed over stdin"
keep() { hook "cat >$TEST_TMP/state.$1"; }
top=",\"annotations\":{\"org.test\":\"kept\"},\"hooks\":{\"prestart\":[$(keep prestart)],\"createRuntime\":[$(keep createRuntime)],\"createContainer\":[$(keep createContainer)],
	\"startContainer\":[$(inside "cat >/state.startContainer")],\"poststart\":[$(keep poststart)],\"poststop\":[$(keep poststop)]}"
create 'exec sleep 100'
pid=$(pid_of "$id")
command_ start "$id"
rt delete -f "$id"
mv "$ROOTFS/state.startContainer" "$TEST_TMP/state.startContainer"
while read -r kind state; do
	also "config.md/POSIX-platform Hooks: the state on stdin of $kind"
	out=$(tr -d ' \n' <"$TEST_TMP/state.$kind" 2>/dev/null)
	case $out in
	*'"ociVersion":"1.'*) case $out in *"\"id\":\"$id\""*) case $out in *"\"status\":\"$state\""*) case $out in *"\"bundle\":\"$BUNDLE\""*)
		case $out in *'"org.test":"kept"'*) pass ;; *) fail ;; esac ;; *) fail ;; esac ;; *) fail ;; esac ;; *) fail ;; esac ;;
	*) fail ;;
	esac
done <<-END
	prestart creating
	createRuntime creating
	createContainer creating
	startContainer created
	poststart running
	poststop stopped
END
for kind in prestart createRuntime poststart; do
	also "config.md/POSIX-platform Hooks: pid on stdin of $kind is the one the runtime sees"
	out=$(tr -d ' \n' <"$TEST_TMP/state.$kind" 2>/dev/null)
	says "\"pid\":$pid"
done
for kind in createContainer startContainer; do
	also "config.md/POSIX-platform Hooks: pid on stdin of $kind is the one the container sees"
	out=$(tr -d ' \n' <"$TEST_TMP/state.$kind" 2>/dev/null)
	says '"pid":1,'
done

it "config.md/POSIX-platform Hooks: where they run"
where() { hook "{ readlink /proc/self/ns/mnt; readlink /proc/self/ns/net; readlink /proc/self/ns/uts; } >$TEST_TMP/ns.$1"; }
top=",\"hooks\":{\"prestart\":[$(where prestart)],\"createRuntime\":[$(where createRuntime)],\"createContainer\":[$(where createContainer)],
	\"startContainer\":[$(inside "{ readlink /proc/self/ns/mnt; readlink /proc/self/ns/net; readlink /proc/self/ns/uts; } >/ns.startContainer")],
	\"poststart\":[$(where poststart)],\"poststop\":[$(where poststop)]}"
run 'for n in mnt net uts; do readlink /proc/self/ns/$n; done'
theirs=$out
mv "$ROOTFS/ns.startContainer" "$TEST_TMP/ns.startContainer" 2>/dev/null
for kind in prestart createRuntime poststart poststop; do
	also "config.md/POSIX-platform Hooks: $kind MUST be executed in the runtime namespace"
	out=$(cat "$TEST_TMP/ns.$kind")
	is "$(own mnt; own net; own uts)"
done
for kind in createContainer startContainer; do
	also "config.md/POSIX-platform Hooks: $kind MUST be executed in the container namespace"
	out=$(cat "$TEST_TMP/ns.$kind")
	is "$theirs"
done
it "config.md/CreateRuntime Hooks: the namespaces of the container are there, and so is its process"
printf '%s\n' "readlink /proc/\$(tr ',' '\n' | sed -n 's/.*\"pid\": *//p')/ns/net >$TEST_TMP/net" >"$TEST_TMP/hook.sh"
top=",\"hooks\":{\"createRuntime\":[{\"path\":\"$BUSYBOX\",\"args\":[\"sh\",\"$TEST_TMP/hook.sh\"]}]}"
run 'readlink /proc/self/ns/net'
is "$(cat "$TEST_TMP/net")"
it "config.md/CreateContainer Hooks: MUST be called after the mounts, before the root is changed"
top=",\"hooks\":{\"createContainer\":[$(hook "grep -c ' $ROOTFS/dev/shm ' /proc/self/mountinfo >$TEST_TMP/mounted; test -e $BUNDLE/config.json && echo outside >>$TEST_TMP/mounted")]}"
run true
out=$(cat "$TEST_TMP/mounted")
is "1
outside"
it "config.md/StartContainer Hooks: path MUST resolve in the container namespace"
top=',"hooks":{"startContainer":[{"path":"/only/here","args":["echo","inside"]}]}'
mkdir -p "$ROOTFS/only"
cp "$ROOTFS/bin/busybox" "$ROOTFS/only/here"
run true
succeeds
rm -r "$ROOTFS/only"
it "config.md/POSIX-platform Hooks: args are argv, whatever path is"
top=",\"hooks\":{\"createRuntime\":[{\"path\":\"$BUSYBOX\",\"args\":[\"sh\",\"-c\",\"printf %s-%s-%s \\\"\$0\\\" \\\"\$1\\\" \\\"\$#\\\" >$TEST_TMP/argv\",\"zero\",\"one two\"]}]}"
run true
out=$(cat "$TEST_TMP/argv")
is "zero-one two-1"
it "config.md/POSIX-platform Hooks: env is the whole environment"
top=",\"hooks\":{\"createRuntime\":[{\"path\":\"$BUSYBOX\",\"args\":[\"cp\",\"/proc/self/environ\",\"$TEST_TMP/env\"],\"env\":[\"KEY=value\",\"SECOND=2\"]}]}"
run true
out=$(tr '\0' '\n' <"$TEST_TMP/env")
is "KEY=value
SECOND=2"
it "config.md/POSIX-platform Hooks: path MUST be absolute"
top=',"hooks":{"createRuntime":[{"path":"bin/true"}]}'
run true
errs
it "config.md/POSIX-platform Hooks: path is REQUIRED"
top=',"hooks":{"createRuntime":[{"args":["true"]}]}'
run true
errs
it "config.md/POSIX-platform Hooks: path MUST resolve"
top=',"hooks":{"createRuntime":[{"path":"/no/such/hook"}]}'
run true
errs
for t in 0 -1; do
	it "config.md/POSIX-platform Hooks: timeout MUST be greater than zero, not $t"
	top=",\"hooks\":{\"createRuntime\":[$(hook true ",\"timeout\":$t")]}"
	run true
	errs
done
it "config.md/POSIX-platform Hooks: after timeout seconds the hook is aborted"
top=",\"hooks\":{\"createRuntime\":[$(hook 'exec sleep 60' ',"timeout":1')]}"
run true
errs
it "config.md/POSIX-platform Hooks: one that is quicker than its timeout is fine"
top=",\"hooks\":{\"createRuntime\":[$(hook true ',"timeout":30')]}"
run 'echo runs'
is runs

# --- Annotations, extensibility, valid values

it "config.md/Annotations: an empty map"
top=',"annotations":{}'
run 'echo runs'
is runs
it "config.md/Annotations: values MAY be an empty string"
top=',"annotations":{"com.example.empty":""}'
run 'echo runs'
is runs
it "config.md/Annotations: unknown keys are handled like any unknown property"
top=',"annotations":{"org.opencontainers.nosuch":"x","com.example":"y"}'
run 'echo runs'
is runs
it "config.md/Annotations: values MUST be strings"
top=',"annotations":{"com.example":1}'
run true
errs
it "config.md/Annotations: MUST be a map"
top=',"annotations":["com.example"]'
run true
errs
it "config.md/Annotations: keys MUST NOT be an empty string"
top=',"annotations":{"":"x"}'
run true
errs
it "config.md/Extensibility: unknown properties MUST be ignored, everywhere"
root='{"path":"rootfs","unknown":1}' user='{"uid":0,"gid":0,"unknown":[]}' process=',"unknown":{"a":1}'
more_mounts=',{"destination":"/m/x","type":"tmpfs","source":"x","unknown":true}'
linux=',"unknown":"x","resources":{"unknown":{},"memory":{"unknown":1}}' top=',"unknown":{"deep":{"deeper":[1,2,{"x":null}]}},"platform":{"os":"linux"}'
run 'echo runs'
line '^runs$'

# invalid PLACE NAME TEXT: with TEXT in that part of the config.
invalid()
{
	it "config.md/Valid values: $2: an error"
	case $1 in
	process) process=$3 ;; linux) linux=$3 ;; top) top=$3 ;; user) user=$3 ;; args) args=$3 ;; env) env=$3 ;; mounts) more_mounts=$3 ;; caps) caps=$3 ;; root) root=$3 ;;
	esac
	create true
	if [ "$status" -eq 0 ]; then gone; fi
	errs
}
invalid process "terminal that is no boolean" ',"terminal":"yes"'
invalid user "a uid that is no number" '{"uid":"root","gid":0}'
invalid user "a negative uid" '{"uid":-2,"gid":0}'
invalid user "a uid of 33 bits" '{"uid":4294967296,"gid":0}'
invalid args "an argument that is no string" '"sh",1'
invalid env "an environment that is no list of strings" '1'
invalid process "a limit below zero" ',"rlimits":[{"type":"RLIMIT_CORE","soft":-5,"hard":0}]'
invalid process "a soft limit above the hard one" ',"rlimits":[{"type":"RLIMIT_CORE","soft":5,"hard":1}]'
invalid process "oomScoreAdj 1001" ',"oomScoreAdj":1001'
invalid process "noNewPrivileges that is no boolean" ',"noNewPrivileges":1'
invalid caps "capabilities that are no list" '"bounding":"CAP_KILL"'
invalid root "readonly that is no boolean" '{"path":"rootfs","readonly":"true"}'
invalid mounts "mount options that are no list" ',{"destination":"/m/x","type":"tmpfs","source":"x","options":"ro"}'
invalid top "hooks that are no lists" ',"hooks":{"createRuntime":{"path":"/bin/true"}}'
invalid top "a hostname that is no string" ',"hostname":5'
invalid top "a hostname longer than the kernel takes" ",\"hostname\":\"$(printf '%065d' 0)\""
invalid linux "linux.devices that are no list" ',"devices":{}'
it "config.md/Valid values: a config that is no JSON: an error"
config true
echo '{"ociVersion":"1.0.2",' >"$BUNDLE/config.json"
command_ run --bundle "$BUNDLE" "$id"
errs
it "config.md: config.json is REQUIRED"
config true
rm "$BUNDLE/config.json"
command_ run --bundle "$BUNDLE" "$id"
errs config.json

finish_spec config.md
