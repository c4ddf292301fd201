#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The OCI runtime-spec 1.3, config-linux.md: seccomp and the container process state. POSIX sh: it runs in a guest too.
# shellcheck shell=sh disable=SC2034,SC2154,SC2016,SC2119,SC2254,SC2317,SC3043,SC3045
set -u
. "$TOP/tests/conformance/lib-spec.sh"

# --- Seccomp

seccomp() { linux=",\"seccomp\":{\"defaultAction\":\"$1\",\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],\"syscalls\":[$2]${3:-}}"; }
mkdirs() { printf '{"names":["mkdir","mkdirat"],"action":"%s"%s}' "$1" "${2:-}"; }
it "config-linux.md/Seccomp: errnoRet defaults to EPERM"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_ERRNO)"
run 'mkdir /tmp/d; rmdir /tmp/d; grep Seccomp: /proc/self/status'
says "mkdir: can't create directory '/tmp/d': Operation not permitted"
also "config-linux.md/Seccomp: a filter is on"
line '^Seccomp:.2$'
it "config-linux.md/Seccomp: errnoRet"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_ERRNO ',"errnoRet":28')"
run 'mkdir /tmp/d'
says "No space left on device"
it "config-linux.md/Seccomp: SCMP_ACT_TRACE without a tracer"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_TRACE)"
run 'mkdir /tmp/d'
says "Function not implemented"
for a in SCMP_ACT_ALLOW SCMP_ACT_LOG; do
	it "config-linux.md/Seccomp: $a"
	seccomp SCMP_ACT_ALLOW "$(mkdirs $a)"
	run 'mkdir /tmp/d && rmdir /tmp/d && echo made'
	is made
done
for a in SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL_THREAD SCMP_ACT_TRAP; do
	it "config-linux.md/Seccomp: $a"
	seccomp SCMP_ACT_ALLOW "$(mkdirs $a)"
	run 'mkdir /tmp/d; echo "mkdir=$?"; rmdir /tmp/d 2>/dev/null'
	value_is mkdir 159
done
it "config-linux.md/Seccomp: defaultErrnoRet"
names='"read","write","open","openat","close","stat","fstat","lstat","newfstatat","statx","poll","lseek","mmap","mprotect","munmap","brk","rt_sigaction","rt_sigprocmask","rt_sigreturn","ioctl","access","dup","dup2","dup3","fcntl","getpid","getppid","clone","clone3","fork","vfork","execve","exit","exit_group","wait4","uname","getcwd","chdir","umask","getuid","getgid","geteuid","getegid","setuid","setgid","setgroups","arch_prctl","set_tid_address","set_robust_list","rseq","prlimit64","getrandom","readlink","readlinkat","futex","capset","capget","prctl","readv","writev","faccessat","faccessat2","rmdir","unlink","sigaltstack","pipe","pipe2","sched_getaffinity","time","gettimeofday","clock_gettime","getresuid","getresgid","setresuid","setresgid","chown","fchown","setsid","seccomp","tgkill","gettid","nanosleep","clock_nanosleep","fchdir","lchown","close_range","mremap","madvise","sched_yield","sysinfo","setpgid","getpgrp","getpgid"'
seccomp SCMP_ACT_ERRNO "{\"names\":[$names],\"action\":\"SCMP_ACT_ALLOW\"}" ',"defaultErrnoRet":122'
run 'mkdir /tmp/d'
# As glibc says it, or musl.
line '[Qq]uota exceeded'
it "config-linux.md/Seccomp: errnoRet with an action that has none MUST be an error"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_KILL_PROCESS ',"errnoRet":28')"
run true
errs
it "config-linux.md/Seccomp: defaultErrnoRet with an action that has none MUST be an error"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_ERRNO)" ',"defaultErrnoRet":28'
run true
errs
it "config-linux.md/Seccomp: names MUST have at least one entry"
seccomp SCMP_ACT_ALLOW '{"names":[],"action":"SCMP_ACT_ERRNO"}'
run true
errs
it "config-linux.md/Seccomp: action is REQUIRED"
seccomp SCMP_ACT_ALLOW '{"names":["mkdir"]}'
run true
errs
it "config-linux.md/Seccomp: defaultAction is REQUIRED"
linux=',"seccomp":{"syscalls":[]}'
run true
errs
for w in '"defaultAction":"SCMP_ACT_NOSUCH"' '"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_NOSUCH"]' '"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_NOSUCH"]' \
	'"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"SCMP_CMP_NOSUCH"}]}]' \
	'"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","args":[{"index":6,"value":1,"op":"SCMP_CMP_EQ"}]}]'; do
	it "config-linux.md/Seccomp: an error for $w"
	linux=",\"seccomp\":{$w}"
	run true
	errs
done
it "config-linux.md/Seccomp: a system call that nobody knows is passed over"
seccomp SCMP_ACT_ALLOW '{"names":["no_such_call_at_all"],"action":"SCMP_ACT_ERRNO"}'
run 'echo runs'
line '^runs$'
it "config-linux.md/Seccomp: every architecture of the list"
list=
for a in X86 X86_64 X32 ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE S390 S390X PARISC PARISC64 RISCV64 LOONGARCH64 M68K SH SHEB; do list="$list,\"SCMP_ARCH_$a\""; done
linux=",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[${list#,}],\"syscalls\":[$(mkdirs SCMP_ACT_ERRNO)]}"
run 'mkdir /tmp/d 2>/dev/null || echo refused'
is refused
for f in SECCOMP_FILTER_FLAG_TSYNC SECCOMP_FILTER_FLAG_LOG SECCOMP_FILTER_FLAG_SPEC_ALLOW SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV; do
	it "config-linux.md/Seccomp: $f"
	seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_ERRNO)" ",\"flags\":[\"$f\"]"
	run 'mkdir /tmp/d 2>/dev/null || echo refused'
	is refused
done
# Which of the signals 0, 18 and 23 can be sent: none of them does anything.
while read -r op value two want; do
	it "config-linux.md/Seccomp: $op"
	seccomp SCMP_ACT_ALLOW "{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":1,\"value\":$value,\"valueTwo\":$two,\"op\":\"$op\"}]}"
	run 'for s in 0 18 23; do if kill -$s 1 2>/dev/null; then printf y; else printf n; fi; done'
	is "$want"
done <<-END
	SCMP_CMP_NE 18 0 nyn
	SCMP_CMP_LT 18 0 nyy
	SCMP_CMP_LE 18 0 nny
	SCMP_CMP_EQ 18 0 yny
	SCMP_CMP_GE 18 0 ynn
	SCMP_CMP_GT 18 0 yyn
	SCMP_CMP_MASKED_EQ 1 1 yyn
END
it "config-linux.md/Seccomp: all args of a rule must match"
seccomp SCMP_ACT_ALLOW '{"names":["kill"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"},{"index":1,"value":18,"op":"SCMP_CMP_EQ"}]}'
run 'for s in 0 18 23; do if kill -$s 1 2>/dev/null; then printf y; else printf n; fi; done'
is yny
it "config-linux.md/Seccomp: the filter is on with noNewPrivileges and an ordinary user too"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_ERRNO)"
process=',"noNewPrivileges":true' user='{"uid":1000,"gid":1000}'
run 'mkdir /tmp/d 2>/dev/null || echo refused'
is refused
it "config-linux.md/Seccomp: listenerMetadata MUST NOT be set without listenerPath"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_ERRNO)" ',"listenerMetadata":"x"'
run true
errs
it "config-linux.md/Seccomp: SCMP_ACT_NOTIFY without listenerPath: an error"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_NOTIFY)"
run true
errs
it "config-linux.md/Seccomp: listenerPath that cannot be reached MUST be an error"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_NOTIFY)" ",\"listenerPath\":\"$TEST_TMP/no.socket\""
run true
errs
it "config-linux.md/Seccomp: listenerPath is ignored without SCMP_ACT_NOTIFY"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_ERRNO)" ",\"listenerPath\":\"$TEST_TMP/no.socket\""
run 'echo runs'
is runs

# receiver.c prints the state that came, how many descriptors with it, and how the connection ended; mkdir then fails with EXDEV.
listener_names="The Container Process State: sent as JSON, with ociVersion
The Container Process State: fds has seccompFd
The Container Process State: pid is the container's process
The Container Process State: metadata
The Container Process State: state is that of the container
The Container Process State: exactly one descriptor by SCM_RIGHTS
Seccomp: the connection MUST be closed after one state
Seccomp: the agent answers"
if [ -x "${SPEC_RECEIVER:-}" ]; then
	it "config-linux.md/The Container Process State: sent as JSON, with ociVersion"
	"$SPEC_RECEIVER" seccomp "$TEST_TMP/agent" >"$TEST_TMP/agent.out" 2>&1 &
	receiver=$!
	until_true 10 test -S "$TEST_TMP/agent"
	seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_NOTIFY)" ",\"listenerPath\":\"$TEST_TMP/agent\",\"listenerMetadata\":\"the metadata\""
	run 'mkdir /tmp/d'
	said=$out
	kill $receiver 2>/dev/null
	wait $receiver 2>/dev/null
	out=$(tr -d '\n' <"$TEST_TMP/agent.out" | sed 's/ *\([{}:,"[]\) */\1/g')
	says '"ociVersion":"1.'
	also "config-linux.md/The Container Process State: fds has seccompFd"
	says '"fds":["seccompFd"'
	also "config-linux.md/The Container Process State: pid is the container's process"
	says '"pid":'
	also "config-linux.md/The Container Process State: metadata"
	says '"metadata":"the metadata"'
	also "config-linux.md/The Container Process State: state is that of the container"
	says "\"id\":\"$id\",\"status\":\"creat"
	also "config-linux.md/The Container Process State: exactly one descriptor by SCM_RIGHTS"
	says "descriptors=1 "
	also "config-linux.md/Seccomp: the connection MUST be closed after one state"
	says "end=closed"
	also "config-linux.md/Seccomp: the agent answers"
	out=$said
	says "ross-device link"
else
	echo "$listener_names" | while read -r n; do echo "ok config-linux.md/$n # SKIP receiver.c is not compiled"; done
fi

finish_spec "config-linux.md, seccomp"
