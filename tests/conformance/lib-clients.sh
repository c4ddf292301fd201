# SPDX-License-Identifier: Apache-2.0
# For the scripts that drive the runtime through programs other people use: . "$TOP/tests/conformance/lib-clients.sh"
#
# Such a program keeps daemons, mounts, cgroups and files all over the machine. So each script runs in a PID and a mount namespace
# of its own, where /run and the programs' directories are empty and private: when the script ends, however it ends, the kernel
# ends all its processes and undoes all its mounts. Only cgroups outlive that, and they are all below $GROUP.
#
# An operation says what it expects. With RUNTIME=$(command -v runc) a script must pass just the same: then what is
# expected is what runc does too. Operations whose result depends on the machine are compared with runc each time.

# Where a script may write, as seen in its private mount namespace.
PRIVATE_DIRECTORIES=(/run /dev/shm /etc/containers /etc/containerd /etc/cni /var/tmp
	/var/lib/containers /var/lib/containerd /var/lib/cni)

# private SCRIPT: goes on in private namespaces; returns in them.
private()
{
	if [ -n "${CLIENTS_INSIDE-}" ]; then enter_private; return; fi
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	export GROUP=slipway-clients-$$
	local status
	inside=
	trap '[ -z "$inside" ] || { kill -KILL "$inside"; wait "$inside"; }; remove_cgroups' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	# In the background, because a wait is interrupted by a signal: the traps run at once. unshare ends by SIGKILL only, or with
	# us; and with it everything in the namespaces.
	CLIENTS_INSIDE=1 setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc bash "$1" &
	inside=$!
	wait "$inside"
	status=$?
	inside=
	exit $status
}

enter_private()
{
	local directory
	for directory in "${PRIVATE_DIRECTORIES[@]}"; do
		[ -d "$directory" ] || continue
		mount -t tmpfs -o mode=0755 private "$directory" || exit 1
	done
	private_hierarchies
	export HOME=$TEST_TMP/home TMPDIR=$TEST_TMP
	# Also for root of a user namespace.
	chmod a+x "$TEST_TMP"
	unset XDG_RUNTIME_DIR NOTIFY_SOCKET LISTEN_FDS CONTAINERS_CONF CONTAINERS_STORAGE_CONF
	mkdir -p "$HOME"
	umask 022
	# Some programs leave files where they were started.
	cd "$TEST_TMP" || exit 1
	ulimit -c 0
}

# Where cgroups version 1 are mounted, on a tmpfs that may be writable: some programs make directories there for controllers
# that the machine does not have, and then trip over them. They get one with what is mounted, and nothing can be added.
private_hierarchies()
{
	local new=$TEST_TMP/cgroup directory
	[ "$(stat -f -c %T /sys/fs/cgroup)" = tmpfs ] || return 0
	mkdir "$new" && mount -t tmpfs -o mode=0755 cgroup "$new" || exit 1
	for directory in /sys/fs/cgroup/*; do
		if [ -L "$directory" ]; then
			cp -P "$directory" "$new/"
		elif mountpoint -q "$directory"; then
			mkdir "$new/${directory##*/}" && mount --bind "$directory" "$new/${directory##*/}" || exit 1
		fi
	done
	mount -o remount,ro,bind "$new" && mount --move "$new" /sys/fs/cgroup || exit 1
}

# The cgroups that the programs made. Processes in them end with the PID namespace, unless they are frozen.
remove_cgroups()
{
	local try file
	for file in $(cgroups_left | sed 's|$|/freezer.state|'); do
		[ ! -f "$file" ] || echo THAWED >"$file"
	done
	for try in 1 2 3 4 5 6 7 8 9 10; do
		[ -n "$(cgroups_left)" ] || return 0
		cgroups_left | xargs rmdir 2>/dev/null
		[ "$try" -eq 1 ] || sleep 0.1
	done
}

# Cgroups below $GROUP in all hierarchies, innermost first.
cgroups_left() { find /sys/fs/cgroup/* -depth -type d -path "*/$GROUP*" 2>/dev/null; }

# busybox_rootfs DIRECTORY: a root file system of busybox alone, and two users.
busybox_rootfs()
{
	local applet
	mkdir -p "$1"/{bin,dev,etc,home/app,proc,root,run,sys,tmp,var}
	chmod 1777 "$1/tmp"
	cp "$(command -v busybox)" "$1/bin/busybox"
	for applet in $(busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"
	done
	printf '%s\n' root:x:0:0:root:/root:/bin/sh app:x:1000:1000:app:/home/app:/bin/sh >"$1/etc/passwd"
	printf '%s\n' root:x:0: app:x:1000: extra:x:2000:app >"$1/etc/group"
	echo kept >"$1/etc/kept"
	echo "not a program" >"$1/bin/text"
	chown 1000:1000 "$1/home/app"
}

# For podman and buildah: files below $TEST_TMP, cgroups without systemd. The machine may lack CAP_SYS_RESOURCE, and then the
# limits they would set are higher than those there are.
container_settings()
{
	printf '{ "default": [ { "type": "insecureAcceptAnything" } ] }\n' >/etc/containers/policy.json
	local driver=vfs
	# Nothing is copied where overlays can be made.
	mkdir -p overlay/{lower,upper,work,merged}
	if mount -t overlay -o lowerdir=overlay/lower,upperdir=overlay/upper,workdir=overlay/work overlay overlay/merged 2>/dev/null; then
		driver=overlay
		umount overlay/merged
	fi
	printf '[storage]\ndriver = "%s"\ngraphroot = "%s/graph"\nrunroot = "/run/graph"\n' "$driver" "$TEST_TMP" >/etc/containers/storage.conf
	cat >/etc/containers/containers.conf <<-CONF
		[containers]
		default_ulimits = [ "nofile=1024:1024", "nproc=1024:1024" ]
		log_driver = "k8s-file"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		lock_type = "file"
		image_copy_tmp_dir = "$TEST_TMP"
	CONF
}

# image_archive ROOTFS ARCHIVE NAME
image_archive()
{
	tar -C "$1" -cf "$TEST_TMP/rootfs.tar" . &&
		skopeo copy --quiet --insecure-policy --tmpdir "$TEST_TMP" "tarball:$TEST_TMP/rootfs.tar" "oci-archive:$2:$3" &&
		rm "$TEST_TMP/rootfs.tar"
}

# seccomp_profile ERRNO SYSCALL: allows everything else.
seccomp_profile()
{
	printf '{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": [ "%s" ], "action": "SCMP_ACT_ERRNO", "errnoRet": %d } ] }\n' \
		"$2" "$1"
}

# result COMMAND...: what it prints, and how it ended unless that was well.
result()
{
	local status=0
	"$@" 2>&1 </dev/null || status=$?
	[ "$status" -eq 0 ] || echo "[$status]"
}

# The runtime that an operation uses.
current=$RUNTIME
with_runc() { current=$(command -v runc) result "$@"; }

# expect NAME EXPECTED COMMAND...: an operation gives this.
expect()
{
	local name=$1 expected=$2 got
	shift 2
	got=$(result "$@")
	if [ "$got" = "$expected" ]; then ok "$name"; return; fi
	not_ok "$name"
	explain expected "$expected" got "$got" "with runc" "$(with_runc "$@")"
}

# as_runc NAME COMMAND...: an operation gives something, and the same with runc.
as_runc()
{
	local name=$1 expected got
	shift
	got=$(result "$@")
	expected=$(with_runc "$@")
	if [ -z "$expected" ] || [ "${expected: -1}" = ']' ]; then echo "ok $name # SKIP with runc: $(tail -n 1 <<<"$expected")"; return; fi
	if [ "$got" = "$expected" ]; then ok "$name"; return; fi
	not_ok "$name"
	explain "with runc" "$expected" got "$got"
}

explain()
{
	while [ $# -gt 0 ]; do
		printf '%s:\n%s\n' "$1" "$2" | sed 's/^/# /'
		shift 2
	done
}

# until_true COMMAND...: within ten seconds.
until_true()
{
	local try
	for ((try = 0; try < 200; try++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	return 1
}
