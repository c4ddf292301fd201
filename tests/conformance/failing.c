/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/conformance/failing.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <unistd.h>

#define COUNT(table) (sizeof(table) / sizeof(*(table)))
#define PRETENDED_MAX 32

static const long never[] = { SYS_exit_group, SYS_exit, SYS_arch_prctl, SYS_set_tid_address, SYS_rt_sigreturn,
			      SYS_rt_sigprocmask, SYS_close };

/* [257] = "openat", and so on, of the kernel's headers: lib-failing.sh defines it. */
static const char *const names[] = { CALL_NAMES };

bool failing_is_possible(long number)
{
	for (size_t i = 0; i < COUNT(never); i++)
		if (never[i] == number)
			return false;
	return true;
}

const char *failing_name(long number)
{
	static char text[32];

	if (number >= 0 && (size_t)number < COUNT(names) && names[number])
		return names[number];
	(void)snprintf(text, sizeof(text), "call %ld", number);
	return text;
}

int failing_skip(pid_t pid)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
		return -1;
	regs.orig_rax = (unsigned long long)-1;
	return (int)ptrace(PTRACE_SETREGS, pid, NULL, &regs);
}

int failing_set_result(pid_t pid, long result)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
		return -1;
	regs.rax = (unsigned long long)result;
	return (int)ptrace(PTRACE_SETREGS, pid, NULL, &regs);
}

int failing_pretend(const long *numbers, size_t count)
{
	struct sock_filter code[2 * PRETENDED_MAX + 2] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)) };
	struct sock_fprog program = { (unsigned short)(2 * count + 2), code };

	for (size_t i = 0; i < count; i++) {
		code[2 * i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)numbers[i], 0, 1);
		code[2 * i + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO);
	}
	code[2 * count + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}
