/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every system call of Linux on x86-64 and arm64 (with their 32-bit and x32 variants) stands here
 * once. Allowed is what acts on the caller's own processes, memory, files and sockets, where
 * the kernel's own checks are as good as a filter's. Refused is what acts on the machine, and
 * each such group says which capability makes it allowed: asking for the capability is asking
 * for the call. A call that is not here, being younger than this table, is absent.
 */
#include "tools/mkimage/compile/seccomp.h"

#include <linux/capability.h>
#include <stddef.h>

#define BIT(capability) (UINT64_C(1) << (capability))
#define ADMIN BIT(CAP_SYS_ADMIN)

const struct seccomp_group seccomp_groups[] = {
	/* ---------------------------------------------------------------- the caller's own */

	/* processes and threads; clone has a rule about its flags in seccomp.c, personality one about its value */
	{ SECCOMP_ALLOW, 0,
	  "fork vfork execve execveat exit exit_group wait4 waitid waitpid kill tkill tgkill getpid getppid gettid "
	  "getpgid getpgrp setpgid getsid setsid pidfd_open pidfd_send_signal set_tid_address set_robust_list "
	  "get_robust_list restart_syscall rseq membarrier arch_prctl prctl set_thread_area get_thread_area "
	  "set_tls modify_ldt ptrace process_vm_readv process_vm_writev process_mrelease seccomp "
	  "landlock_create_ruleset landlock_add_rule landlock_restrict_self "
	  "lsm_get_self_attr lsm_set_self_attr lsm_list_modules" },
	/* scheduling and limits */
	{ SECCOMP_ALLOW, 0,
	  "sched_yield sched_setparam sched_getparam sched_setscheduler sched_getscheduler sched_setattr "
	  "sched_getattr sched_get_priority_max sched_get_priority_min sched_rr_get_interval "
	  "sched_rr_get_interval_time64 sched_setaffinity sched_getaffinity getpriority setpriority nice getcpu "
	  "getrlimit ugetrlimit setrlimit prlimit64 getrusage times ioprio_get ioprio_set" },
	/* signals, timers, clocks that are read */
	{ SECCOMP_ALLOW, 0,
	  "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigtimedwait_time64 "
	  "rt_sigqueueinfo rt_tgsigqueueinfo rt_sigsuspend sigaltstack sigaction sigprocmask sigreturn sigpending "
	  "sigsuspend signal pause alarm getitimer setitimer nanosleep clock_nanosleep clock_nanosleep_time64 "
	  "clock_gettime clock_gettime64 clock_getres clock_getres_time64 gettimeofday time adjtimex clock_adjtime "
	  "clock_adjtime64 timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime "
	  "timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64" },
	/* memory */
	{ SECCOMP_ALLOW, 0,
	  "mmap mmap2 munmap mprotect mremap msync mincore madvise brk mlock mlock2 mlockall munlock munlockall "
	  "remap_file_pages memfd_create memfd_secret pkey_alloc pkey_free pkey_mprotect mseal map_shadow_stack cacheflush "
	  "shmget shmat shmctl shmdt semget semop semctl semtimedop semtimedop_time64 msgget msgsnd msgrcv msgctl ipc "
	  "mq_open mq_unlink mq_timedsend mq_timedsend_time64 mq_timedreceive mq_timedreceive_time64 mq_notify "
	  "mq_getsetattr futex futex_time64 futex_waitv futex_wake futex_wait futex_requeue" },
	/* descriptors and what is done through them */
	{ SECCOMP_ALLOW, 0,
	  "read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 open openat openat2 creat close "
	  "close_range dup dup2 dup3 fcntl fcntl64 ioctl lseek _llseek pipe pipe2 splice tee vmsplice sendfile "
	  "sendfile64 copy_file_range flock fsync fdatasync sync syncfs sync_file_range sync_file_range2 arm_sync_file_range readahead fadvise64 "
	  "fadvise64_64 arm_fadvise64_64 fallocate cachestat eventfd eventfd2 signalfd signalfd4 select _newselect pselect6 "
	  "pselect6_time64 poll ppoll ppoll_time64 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait "
	  "epoll_wait_old epoll_pwait epoll_pwait2 inotify_init inotify_init1 inotify_add_watch inotify_rm_watch "
	  "fanotify_mark io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents io_pgetevents_time64" },
	/* files by name; mknod needs CAP_MKNOD for devices by itself */
	{ SECCOMP_ALLOW, 0,
	  "stat stat64 lstat lstat64 fstat fstat64 newfstatat fstatat64 statx statfs statfs64 fstatfs fstatfs64 access "
	  "faccessat faccessat2 getcwd chdir fchdir mkdir mkdirat rmdir rename renameat renameat2 link linkat unlink "
	  "unlinkat symlink symlinkat readlink readlinkat chmod fchmod fchmodat fchmodat2 chown chown32 fchown "
	  "fchown32 lchown lchown32 fchownat umask truncate truncate64 ftruncate ftruncate64 utime utimes futimesat "
	  "utimensat utimensat_time64 getdents getdents64 readdir mknod mknodat name_to_handle_at setxattr lsetxattr "
	  "fsetxattr setxattrat getxattr lgetxattr fgetxattr getxattrat listxattr llistxattr flistxattr listxattrat "
	  "removexattr lremovexattr fremovexattr removexattrat" },
	/* sockets, vsock among them: LinuxKit's vsudd has no capability */
	{ SECCOMP_ALLOW, 0,
	  "socket socketpair socketcall bind listen accept accept4 connect shutdown getsockname getpeername "
	  "getsockopt setsockopt send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64" },
	/* identity: what is changed needs its capability in the kernel */
	{ SECCOMP_ALLOW, 0,
	  "getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32 getresgid "
	  "getresgid32 getgroups getgroups32 setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32 "
	  "setresuid setresuid32 setresgid setresgid32 setfsuid setfsuid32 setfsgid setfsgid32 setgroups setgroups32 "
	  "capget capset uname olduname oldolduname sysinfo getrandom" },

	/* ---------------------------------------------------------------- the machine's */

	/* mounts, namespaces, names */
	{ SECCOMP_REFUSE, ADMIN,
	  "mount umount umount2 pivot_root mount_setattr move_mount open_tree fsopen fsconfig fsmount fspick statmount "
	  "listmount setns unshare sethostname setdomainname quotactl quotactl_fd fanotify_init swapon swapoff" },
	/* clone3 passes its flags in memory, where a filter cannot see them: programs fall back to clone */
	{ SECCOMP_ABSENT, ADMIN, "clone3" },
	/* keyrings are not namespaced; cryptsetup uses them */
	{ SECCOMP_REFUSE, ADMIN, "add_key request_key keyctl" },
	{ SECCOMP_REFUSE, ADMIN | BIT(CAP_BPF), "bpf" },
	{ SECCOMP_REFUSE, ADMIN | BIT(CAP_PERFMON), "perf_event_open" },
	{ SECCOMP_REFUSE, ADMIN | BIT(CAP_SYSLOG), "syslog" },
	{ SECCOMP_REFUSE, BIT(CAP_SYS_CHROOT), "chroot" },
	{ SECCOMP_REFUSE, BIT(CAP_DAC_READ_SEARCH), "open_by_handle_at" },
	{ SECCOMP_REFUSE, BIT(CAP_SYS_PTRACE), "kcmp process_madvise pidfd_getfd userfaultfd" },
	{ SECCOMP_REFUSE, BIT(CAP_SYS_NICE),
	  "mbind set_mempolicy get_mempolicy set_mempolicy_home_node migrate_pages move_pages" },
	{ SECCOMP_REFUSE, BIT(CAP_SYS_TIME), "settimeofday stime clock_settime clock_settime64" },
	{ SECCOMP_REFUSE, BIT(CAP_SYS_MODULE), "init_module finit_module delete_module" },
	{ SECCOMP_REFUSE, BIT(CAP_SYS_BOOT), "reboot kexec_load kexec_file_load" },
	{ SECCOMP_REFUSE, BIT(CAP_SYS_RAWIO), "iopl ioperm vm86 vm86old" },
	{ SECCOMP_REFUSE, BIT(CAP_SYS_PACCT), "acct" },
	{ SECCOMP_REFUSE, BIT(CAP_SYS_TTY_CONFIG), "vhangup" },

	/* ---------------------------------------------------------------- as if they were not there */

	/* a second way to nearly every other call, which the filter would not see */
	{ SECCOMP_ABSENT, 0, "io_uring_setup io_uring_enter io_uring_register" },
	/* what the kernel itself has dropped, or keeps for programs of the last century */
	{ SECCOMP_ABSENT, 0,
	  "uselib ustat sysfs _sysctl create_module get_kernel_syms query_module nfsservctl getpmsg putpmsg afs_syscall "
	  "tuxcall security vserver lookup_dcookie bdflush break ftime gtty stty idle lock mpx prof profil ulimit "
	  "oldstat oldlstat oldfstat sgetmask ssetmask uretprobe pciconfig_iobase pciconfig_read pciconfig_write breakpoint usr26 usr32" },
	{ 0, 0, NULL },
};
