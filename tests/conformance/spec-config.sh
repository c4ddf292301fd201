#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The OCI runtime-spec 1.3, config.md: version, root, mounts, annotations, and what is no config. POSIX sh: it runs in a guest too.
# shellcheck shell=sh disable=SC2034,SC2154,SC2016,SC2119,SC2254,SC2317,SC3043,SC3045
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
it "config.md/Mounts: a mount is a bind mount if it has bind or rbind, whatever its type"
more_mounts=',{"destination":"/m/d","type":"tmpfs","source":"data","options":["bind"]},{"destination":"/m/e","type":"nosuchfs","source":"data","options":["rbind"]}'
run 'cat /m/d/file /m/e/file'
is "found
found"
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
it "config.md/Mounts: a tmpfs without mode= has that of the directory it covers"
mkdir -p "$ROOTFS/srv/mode" && chmod 1710 "$ROOTFS/srv/mode"
more_mounts=',{"destination":"/srv/mode","type":"tmpfs","source":"tmpfs"},{"destination":"/srv/none","type":"tmpfs","source":"tmpfs"}'
run 'stat -c %a /srv/mode /srv/none'
is "1710
1777"
rm -r "$ROOTFS/srv/mode" "$ROOTFS/srv/none"
it "config.md/Mounts: a file, onto a symlink whose target is missing: the target is made, inside"
ln -s ../../missing/file "$ROOTFS/srv/link"
more_mounts=',{"destination":"/srv/link","type":"none","source":"'$BUNDLE/data/file'","options":["bind"]}'
run 'grep -c " /missing/file " /proc/self/mountinfo'
is 1
rm -r "$ROOTFS/srv/link" "$ROOTFS/missing"
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
it "config.md/Linux mount options: mappings in an option, as crun has them: an error, not passed over"
more_mounts=',{"destination":"/m/i","type":"none","source":"'$BUNDLE/data'","options":["rbind","idmap=uids=0-1-10;gids=0-1-10"]}'
run true
errs "use uidMappings"
for o in uidMappings gidMappings; do
	it "config.md/POSIX-platform Mounts: $o MUST be specified along with the other mappings"
	more_mounts=',{"destination":"/m/i","type":"none","source":"'$BUNDLE/data'","options":["rbind","idmap"],"'$o'":[{"containerID":0,"hostID":500,"size":100}]}'
	run true
	errs
done
it "config.md/Linux mount options: idmap with the mapping of the user namespace, or an error"
more_mounts=',{"destination":"/m/i","type":"none","source":"'$BUNDLE/data'","options":["rbind","idmap"]}' namespaces="$ALL_NAMESPACES,{\"type\":\"user\"}"
linux=',"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],"gidMappings":[{"containerID":0,"hostID":100000,"size":65536}]'
run 'stat -c "%u:%g" /m/i/file'
if [ "$status" -ne 0 ]; then errs; else is "0:0"; fi
# A tmpfs takes mappings since Linux 6.3.
mount -t tmpfs outer "$TEST_TMP/mnt"
mkdir "$TEST_TMP/mnt/below"
mount -t tmpfs inner "$TEST_TMP/mnt/below"
for o in "idmap 500 0" "ridmap 500 500"; do
	it "config.md/Linux mount options: ${o%% *}, and what is mounted below"
	more_mounts=',{"destination":"/m/i","type":"none","source":"'$TEST_TMP/mnt'","options":["rbind","'${o%% *}'"],
		"uidMappings":[{"containerID":0,"hostID":500,"size":100}],"gidMappings":[{"containerID":0,"hostID":500,"size":100}]}'
	run 'echo $(stat -c %u /m/i /m/i/below)'
	case $out in *[Ii]nvalid* | *"not supported"*) skipped "this kernel's tmpfs takes no id mapping" ;; *) is "${o#* }" ;; esac
done
umount "$TEST_TMP/mnt/below"
umount "$TEST_TMP/mnt"

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
	process) process=$3 ;; linux) linux=$3 ;; userns) linux=$3 namespaces="$ALL_NAMESPACES,{\"type\":\"user\"}" ;; top) top=$3 ;; user) user=$3 ;; args) args=$3 ;; env) env=$3 ;; mounts) more_mounts=$3 ;; caps) caps=$3 ;; root) root=$3 ;;
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
invalid process "an ioPriority above 7" ',"ioPriority":{"class":"IOPRIO_CLASS_BE","priority":8}'
invalid process "an ioPriority below 0" ',"ioPriority":{"class":"IOPRIO_CLASS_BE","priority":-1}'
invalid caps "capabilities that are no list" '"bounding":"CAP_KILL"'
invalid root "readonly that is no boolean" '{"path":"rootfs","readonly":"true"}'
invalid mounts "mount options that are no list" ',{"destination":"/m/x","type":"tmpfs","source":"x","options":"ro"}'
invalid top "hooks that are no lists" ',"hooks":{"createRuntime":{"path":"/bin/true"}}'
invalid top "a hostname that is no string" ',"hostname":5'
invalid top "a hostname longer than the kernel takes" ",\"hostname\":\"$(printf '%065d' 0)\""
invalid linux "linux.devices that are no list" ',"devices":{}'

# What is REQUIRED is no matter of a default: a mapping without hostID would be one of the host's root.
usermap() { printf '%s' ',"uidMappings":[{'"$1"'}],"gidMappings":[{"containerID":0,"hostID":100000,"size":10}]'; }
for r in "process|rlimits without type|,\"rlimits\":[{\"soft\":1,\"hard\":1}]" \
	"process|rlimits without soft|,\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"hard\":1}]" \
	"process|rlimits without hard|,\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":1}]" \
	"process|scheduler without policy|,\"scheduler\":{\"nice\":1}" \
	"process|ioPriority without class|,\"ioPriority\":{\"priority\":1}" \
	"process|ioPriority without priority|,\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\"}" \
	'user|user without uid|{"gid":0}' \
	'user|user without gid|{"uid":0}' \
	"userns|uidMappings without containerID|$(usermap '"hostID":100000,"size":10')" \
	"userns|uidMappings without hostID|$(usermap '"containerID":0,"size":10')" \
	"userns|uidMappings without size|$(usermap '"containerID":0,"hostID":100000')" \
	'linux|devices without major|,"devices":[{"type":"c","path":"/dev/x","minor":3}]' \
	'linux|devices without minor|,"devices":[{"type":"c","path":"/dev/x","major":1}]' \
	'linux|resources.devices without allow|,"resources":{"devices":[{"access":"rwm"}]}' \
	'linux|weightDevice without major|,"resources":{"blockIO":{"weightDevice":[{"minor":0,"weight":500}]}}' \
	'linux|weightDevice without minor|,"resources":{"blockIO":{"weightDevice":[{"major":8,"weight":500}]}}' \
	'linux|weightDevice with neither weight nor leafWeight|,"resources":{"blockIO":{"weightDevice":[{"major":8,"minor":0}]}}' \
	'linux|throttleReadBpsDevice without major|,"resources":{"blockIO":{"throttleReadBpsDevice":[{"minor":0,"rate":600}]}}' \
	'linux|throttleWriteBpsDevice without minor|,"resources":{"blockIO":{"throttleWriteBpsDevice":[{"major":8,"rate":600}]}}' \
	'linux|throttleReadIOPSDevice without rate|,"resources":{"blockIO":{"throttleReadIOPSDevice":[{"major":8,"minor":0}]}}' \
	'linux|hugepageLimits without pageSize|,"resources":{"hugepageLimits":[{"limit":0}]}' \
	'linux|hugepageLimits without limit|,"resources":{"hugepageLimits":[{"pageSize":"2MB"}]}' \
	'linux|network.priorities without name|,"resources":{"network":{"priorities":[{"priority":1}]}}' \
	'linux|network.priorities without priority|,"resources":{"network":{"priorities":[{"name":"lo"}]}}' \
	'linux|rdma with neither hcaHandles nor hcaObjects|,"resources":{"rdma":{"mlx5_1":{}}}' \
	'linux|seccomp args without index|,"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["kill"],"action":"SCMP_ACT_LOG","args":[{"value":1,"op":"SCMP_CMP_EQ"}]}]}' \
	'linux|seccomp args without value|,"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["kill"],"action":"SCMP_ACT_LOG","args":[{"index":1,"op":"SCMP_CMP_EQ"}]}]}' \
	'linux|seccomp args without op|,"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["kill"],"action":"SCMP_ACT_LOG","args":[{"index":1,"value":1}]}]}' \
	'linux|seccomp rules without names|,"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"action":"SCMP_ACT_LOG"}]}' \
	'linux|memoryPolicy without mode|,"memoryPolicy":{"nodes":"0"}' \
	'linux|personality without domain|,"personality":{}'; do
	place=${r%%|*} r=${r#*|}
	invalid "$place" "${r%%|*}, which is REQUIRED" "${r#*|}"
done
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
