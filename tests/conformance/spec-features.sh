#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The OCI runtime-spec 1.3, features.md and features-linux.md: what the runtime says of itself is what it does. POSIX sh: it runs in a guest too.
# shellcheck shell=sh disable=SC2034,SC2154,SC2016,SC2119,SC2254,SC2317,SC3043,SC3045
set -u
. "$TOP/tests/conformance/lib-spec.sh"

features=$(rt features)
# words KEY: of one of its lists.
words() { printf '%s\n' "$features" | sed -n "/\"$1\": \[/,/\]/s/^ *\"\([^\"]*\)\",\{0,1\}\$/\1/p"; }
# text KEY: a string.
text() { printf '%s\n' "$features" | sed -n "s/^ *\"$1\": \"\(.*\)\",\{0,1\}\$/\1/p"; }
# quoted WORDS...: as the items of a JSON array.
quoted() { for w; do printf ',"%s"' "$w"; done | cut -c 2-; }
# has KEY WORDS...: the list has them; a check that follows from the list is worth something.
has()
{
	local key=$1 w
	shift
	for w; do words "$key" | grep -qx "$w" || return 1; done
}

# --- Features Structure

# The properties that specification 1.3 defines; keys of annotations have dots.
known=' ociVersionMin ociVersionMax hooks mountOptions linux annotations potentiallyUnsafeConfigAnnotations namespaces capabilities cgroup v1 v2 systemd
	systemdUser rdma seccomp enabled actions operators archs knownFlags supportedFlags apparmor selinux memoryPolicy modes flags intelRdt schemata
	monitoring mountExtensions idmap netDevices '
it "features.md/Specification version: MUST NOT have properties that are not defined"
out=$(printf '%s\n' "$features" | sed -n 's/^ *"\([^".]*\)": .*/\1/p' | while read -r key; do case $known in *[[:space:]]"$key"[[:space:]]*) ;; *) echo "$key" ;; esac; done)
is ""
for v in ociVersionMin ociVersionMax; do
	it "features.md/Specification version: $v MUST be accepted as ociVersion"
	version="\"$(text $v)\""
	run 'echo runs'
	is runs
done
it "features.md/Specification version: ociVersionMax MUST NOT be less than ociVersionMin"
out=$(printf '%s\n%s\n' "$(text ociVersionMax)" "$(text ociVersionMin)" | sort -t . -k 1,1n -k 2,2n -k 3,3n | head -n 1)
is "$(text ociVersionMin)"

# --- Hooks, mount options

it "features.md/Hooks: MUST be supported, each"
called=
for kind in $(words hooks); do
	if [ "$kind" = startContainer ]; then log=/called; else log=$ROOTFS/called; fi
	called="$called,\"$kind\":[{\"path\":\"/bin/busybox\",\"args\":[\"sh\",\"-c\",\"echo $kind >>$log\"]}]"
done
top=",\"hooks\":{${called#,}}"
run true
out=$(sort "$ROOTFS/called" | xargs)
is "$(words hooks | sort | xargs)"
also "features.md/Hooks: all that there are"
holds has hooks prestart createRuntime createContainer startContainer poststart poststop
rm -f "$ROOTFS/called"

# What a file system does not know it refuses, and the runtime hands it what it does not know itself.
it "features.md/Mount Options: MUST be recognized, each"
for o in $(words mountOptions); do
	case $o in
	bind | rbind) more_mounts="$more_mounts,{\"destination\":\"/m/$o\",\"source\":\"$ROOTFS/etc\",\"options\":[\"$o\"]}" ;;
	idmap | ridmap | remount) ;;	# each with a check of its own in spec-config.sh
	*) more_mounts="$more_mounts,{\"destination\":\"/m/$o\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"$o\"]}" ;;
	esac
done
run 'grep -c " /m/" /proc/self/mountinfo'
is "$(words mountOptions | grep -cvx 'idmap\|ridmap\|remount')"
also "features.md/Mount Options: all that MUST be implemented are there"
holds has mountOptions async atime bind defaults dev diratime dirsync exec iversion lazytime loud noatime nodev nodiratime noexec noiversion nolazytime norelatime \
	nostrictatime nosuid private rbind relatime remount ro rprivate rshared rslave runbindable rw shared silent slave strictatime suid sync unbindable
also "features.md/Mount Options: those of file systems SHOULD NOT be there"
out=$(words mountOptions | grep -x 'size\|mode\|uid\|gid\|newinstance\|ptmxmode\|nr_inodes')
is ""

# --- Annotations

it "features.md/Annotations: MUST be a map from keys that are not empty to strings"
out=$(printf '%s\n' "$features" | sed -n '/"annotations": {/,/}/p' | grep -v '"annotations": {$\|^ *},*$\|^ *"[^"][^"]*": "[^"]*",*$')
is ""
it "features.md/Unsafe annotations: those that change what the runtime does"
out=$(words potentiallyUnsafeConfigAnnotations)
line '^org\.slipway\.rootfs\.overlay$'

# --- features-linux.md

it "features-linux.md/Namespaces: MUST be recognized, each"
namespaces=$(for n in $(words namespaces); do printf ',{"type":"%s"}' "$n"; done | cut -c 2-)
linux=',"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],"gidMappings":[{"containerID":0,"hostID":200000,"size":65536}]'
run 'echo runs'
is runs
also "features-linux.md/Namespaces: all that there are"
holds has namespaces cgroup ipc mount network pid time user uts
it "features-linux.md/Capabilities: MUST be recognized, each"
all=$(quoted $(words capabilities))
caps="\"bounding\":[$all],\"effective\":[$all],\"permitted\":[$all]"
run 'echo runs'
case $out in *"unknown capability"*) fail ;; *) line '^runs$' ;; esac
also "features-linux.md/Capabilities: all that there are"
holds test "$(words capabilities | wc -l)" -ge 41

# seccomp KEY MORE: rules for a call that nobody makes.
seccomp() { linux=",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",$1}"; }
it "features-linux.md/Seccomp: actions MUST be recognized, each"
rules=
for a in $(words actions); do [ "$a" = SCMP_ACT_NOTIFY ] || rules="$rules,{\"names\":[\"swapon\"],\"action\":\"$a\",\"args\":[{\"index\":1,\"value\":1${#rules},\"op\":\"SCMP_CMP_EQ\"}]}"; done
seccomp "\"syscalls\":[${rules#,}]"
run 'echo runs'
is runs
also "features-linux.md/Seccomp: all actions that there are"
holds has actions SCMP_ACT_ALLOW SCMP_ACT_ERRNO SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL_THREAD SCMP_ACT_LOG SCMP_ACT_NOTIFY SCMP_ACT_TRACE SCMP_ACT_TRAP
it "features-linux.md/Seccomp: SCMP_ACT_NOTIFY MUST be recognized"
seccomp "\"listenerPath\":\"$TEST_TMP/nobody\",\"syscalls\":[{\"names\":[\"swapon\"],\"action\":\"SCMP_ACT_NOTIFY\"}]"
run true
errs "$TEST_TMP/nobody"
it "features-linux.md/Seccomp: operators MUST be recognized, each"
rules=
for o in $(words operators); do rules="$rules,{\"names\":[\"swapon\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":1,\"value\":1,\"valueTwo\":1,\"op\":\"$o\"}]}"; done
seccomp "\"syscalls\":[${rules#,}]"
run 'echo runs'
is runs
also "features-linux.md/Seccomp: all operators that there are"
holds has operators SCMP_CMP_EQ SCMP_CMP_GE SCMP_CMP_GT SCMP_CMP_LE SCMP_CMP_LT SCMP_CMP_MASKED_EQ SCMP_CMP_NE
it "features-linux.md/Seccomp: archs MUST be recognized, each"
seccomp "\"architectures\":[$(quoted $(words archs))]"
run 'echo runs'
is runs
also "features-linux.md/Seccomp: all archs that there are"
holds test "$(words archs | wc -l)" -ge 23
for list in knownFlags supportedFlags; do
	it "features-linux.md/Seccomp: $list MUST be recognized, each"
	seccomp "\"flags\":[$(quoted $(words $list))]"
	run 'echo runs'
	if [ $list = knownFlags ]; then case $out in *"unknown flag"*) fail ;; *) pass ;; esac; else is runs; fi
done
also "features-linux.md/Seccomp: supportedFlags are known ones"
out=$(words supportedFlags | while read -r f; do words knownFlags | grep -qx "$f" || echo "$f"; done)
is ""

for m in $(words modes); do
	it "features-linux.md/MemoryPolicy: modes MUST be recognized, $m"
	nodes=',"nodes":"0"'
	case $m in MPOL_DEFAULT | MPOL_LOCAL) nodes= ;; esac
	linux=",\"memoryPolicy\":{\"mode\":\"$m\"$nodes}"
	run 'echo runs'
	# The host may lack it: then it is the kernel that does not know it.
	case $out in *"unknown mode"*) fail ;; *"cannot set the mode"* | runs) pass ;; *) fail ;; esac
done
it "features-linux.md/MemoryPolicy: all modes that there are"
holds has modes MPOL_DEFAULT MPOL_BIND MPOL_INTERLEAVE MPOL_WEIGHTED_INTERLEAVE MPOL_PREFERRED MPOL_PREFERRED_MANY MPOL_LOCAL
for f in $(words flags); do
	it "features-linux.md/MemoryPolicy: flags MUST be recognized, $f"
	linux=",\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"$f\"]}"
	run 'echo runs'
	case $out in *"unknown flag"*) fail ;; *"cannot set the mode"* | runs) pass ;; *) fail ;; esac
done
it "features-linux.md/MemoryPolicy: all flags that there are"
holds has flags MPOL_F_NUMA_BALANCING MPOL_F_RELATIVE_NODES MPOL_F_STATIC_NODES

# --- what is either done or refused

it "features-linux.md/Intel RDT: not enabled, so its parts are not"
holds supports '"intelRdt":{"enabled":false,"schemata":false,"monitoring":false}'
it "features-linux.md/MountExtensions: idmap MUST be true where mappings of mounts are recognized"
holds supports '"mountExtensions":{"idmap":{"enabled":true}}'
it "features-linux.md/NetDevices: enabled, and so they are looked for"
linux=',"netDevices":{"slipwayt1":{}}'
run true
if supports '"netDevices":{"enabled":true}'; then errs "there is no such interface"; else fail; fi
it "features-linux.md/Cgroup: without systemd its cgroup manager is refused, and does nothing"
if supports '"systemd":false,"systemdUser":false'; then
	status=0 out=$(rt --systemd-cgroup run --bundle "$BUNDLE" "$id" 2>&1 </dev/null) || status=$?
	errs systemd
else
	skipped "it is supported"
fi

finish_spec features.md
