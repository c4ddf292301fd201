/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"

#define FILTER_BYTES_MAX (BPF_MAXINSNS * sizeof(struct sock_filter))

const char *const seccomp_action_names[] = {
	"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
	"SCMP_ACT_LOG",	  "SCMP_ACT_TRACE", "SCMP_ACT_TRAP", NULL,
};

/* In the order of seccomp_action_names. */
static const uint32_t actions[] = {
	SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(0), SCMP_ACT_KILL_THREAD, SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD,
	SCMP_ACT_LOG, SCMP_ACT_TRACE(0), SCMP_ACT_TRAP,
};

const char *const seccomp_operator_names[] = {
	"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE",
	NULL,
};

static const enum scmp_compare operators[] = {
	SCMP_CMP_EQ, SCMP_CMP_GE, SCMP_CMP_GT, SCMP_CMP_LE, SCMP_CMP_LT, SCMP_CMP_MASKED_EQ, SCMP_CMP_NE,
};

const char *const seccomp_flag_names[] = {
	"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC", NULL,
};

static const unsigned int flags[] = {
	SECCOMP_FILTER_FLAG_LOG, SECCOMP_FILTER_FLAG_SPEC_ALLOW, SECCOMP_FILTER_FLAG_TSYNC,
};

const char *const seccomp_architecture_names[] = {
	"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM",	   "SCMP_ARCH_MIPS",	"SCMP_ARCH_MIPS64",    "SCMP_ARCH_MIPS64N32",
	"SCMP_ARCH_MIPSEL",  "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64",
	"SCMP_ARCH_PPC",     "SCMP_ARCH_PPC64",	   "SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64",   "SCMP_ARCH_S390",
	"SCMP_ARCH_S390X",   "SCMP_ARCH_X32",	   "SCMP_ARCH_X86",	"SCMP_ARCH_X86_64",    NULL,
};

static const uint32_t architectures[] = {
	SCMP_ARCH_AARCH64, SCMP_ARCH_ARM,	SCMP_ARCH_MIPS,	       SCMP_ARCH_MIPS64, SCMP_ARCH_MIPS64N32,
	SCMP_ARCH_MIPSEL,  SCMP_ARCH_MIPSEL64,	SCMP_ARCH_MIPSEL64N32, SCMP_ARCH_PARISC, SCMP_ARCH_PARISC64,
	SCMP_ARCH_PPC,	   SCMP_ARCH_PPC64,	SCMP_ARCH_PPC64LE,     SCMP_ARCH_RISCV64, SCMP_ARCH_S390,
	SCMP_ARCH_S390X,   SCMP_ARCH_X32,	SCMP_ARCH_X86,	       SCMP_ARCH_X86_64,
};

static int find(const char *const *names, const char *name)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static int find_action(const char *name, bool has_errno, uint32_t number, uint32_t *action, struct error *err)
{
	int i = find(seccomp_action_names, name);

	if (i < 0 && strcmp(name, "SCMP_ACT_NOTIFY") == 0)
		return error_set(err, "the action 'SCMP_ACT_NOTIFY' is not supported");
	if (i < 0)
		return error_set(err, "unknown action '%s'", name);
	*action = actions[i];
	if (*action == SCMP_ACT_ERRNO(0) || *action == SCMP_ACT_TRACE(0))
		*action |= (has_errno ? number : EPERM) & 0xffff;
	else if (has_errno)
		return error_set(err, "errnoRet has no meaning for the action '%s'", name);
	return 0;
}

static int add_rule(scmp_filter_ctx ctx, uint32_t action, int number, const struct scmp_arg_cmp *args, unsigned int count,
		    struct error *err)
{
	int r = seccomp_rule_add_array(ctx, action, number, count, args);

	/* EEXIST: the same was said before. */
	return r == 0 || r == -EEXIST ? 0 : error_number(err, -r, "cannot add the rule");
}

static int read_arg(const struct oci_seccomp_arg *arg, struct scmp_arg_cmp *out, struct error *err)
{
	int op = find(seccomp_operator_names, arg->op);

	if (op < 0)
		return error_set(err, "unknown operator '%s'", arg->op);
	if (arg->index > 5)
		return error_set(err, "a system call has the arguments 0 to 5, not %u", arg->index);
	*out = (struct scmp_arg_cmp){ .arg = arg->index, .op = operators[op], .datum_a = arg->value,
				      .datum_b = arg->value_two };
	return 0;
}

static int add_syscall(scmp_filter_ctx ctx, uint32_t action, int number, const struct oci_seccomp_rule *rule,
		       struct error *err)
{
	struct scmp_arg_cmp args[6];
	bool seen[6] = { false }, repeated = rule->args_count > ARRAY_SIZE(args);

	for (size_t i = 0; i < rule->args_count; i++) {
		struct scmp_arg_cmp arg;

		if (read_arg(&rule->args[i], &arg, err) < 0)
			return -1;
		repeated |= seen[arg.arg];
		seen[arg.arg] = true;
		if (i < ARRAY_SIZE(args))
			args[i] = arg;
	}
	if (!repeated)
		return add_rule(ctx, action, number, args, (unsigned int)rule->args_count, err);
	/* Several conditions on one argument are alternatives, which the library wants as rules of their own. */
	for (size_t i = 0; i < rule->args_count; i++) {
		struct scmp_arg_cmp arg;

		if (read_arg(&rule->args[i], &arg, err) < 0 || add_rule(ctx, action, number, &arg, 1, err) < 0)
			return -1;
	}
	return 0;
}

static int add_rules(scmp_filter_ctx ctx, const struct oci_seccomp *config, uint32_t otherwise, struct error *err)
{
	for (size_t i = 0; i < config->syscalls_count; i++) {
		const struct oci_seccomp_rule *rule = &config->syscalls[i];
		uint32_t action;

		if (find_action(rule->action, rule->has_errno_ret, rule->errno_ret, &action, err) < 0)
			return error_context(err, "syscalls[%zu]", i);
		if (action == otherwise)
			continue;
		for (size_t k = 0; k < rule->names.count; k++) {
			int number = seccomp_syscall_resolve_name(rule->names.items[k]);

			/* Profiles name calls of all kernels and machines; those this one lacks are passed over. */
			if (number == __NR_SCMP_ERROR)
				continue;
			if (add_syscall(ctx, action, number, rule, err) < 0)
				return error_context(err, "syscalls[%zu] '%s'", i, rule->names.items[k]);
		}
	}
	return 0;
}

static int add_architectures(scmp_filter_ctx ctx, const struct oci_strings *names, struct error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		int which = find(seccomp_architecture_names, names->items[i]), r;

		if (which < 0)
			return error_set(err, "unknown architecture '%s'", names->items[i]);
		r = seccomp_arch_add(ctx, architectures[which]);
		if (r < 0 && r != -EEXIST)
			return error_number(err, -r, "cannot add the architecture '%s'", names->items[i]);
	}
	return 0;
}

/* The highest number a rule names on the native architecture. */
static int highest_number(const struct oci_seccomp *config)
{
	int highest = 0;

	for (size_t i = 0; i < config->syscalls_count; i++)
		for (size_t k = 0; k < config->syscalls[i].names.count; k++) {
			int n = seccomp_syscall_resolve_name(config->syscalls[i].names.items[k]);

			highest = n > highest ? n : highest;
		}
	return highest;
}

/*
 * Calls newer than the profile get ENOSYS, not what the profile says for all
 * others: C libraries try a new call and fall back on ENOSYS, but take EPERM for an answer.
 */
static size_t put_newer_calls(const struct oci_seccomp *config, uint32_t otherwise, struct sock_filter *out)
{
	const struct sock_filter stub[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, seccomp_arch_native(), 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)highest_number(config), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	};

	if (otherwise == SCMP_ACT_ALLOW || otherwise == SCMP_ACT_LOG || otherwise == SCMP_ACT_ERRNO(ENOSYS) ||
	    config->syscalls_count == 0)
		return 0;
	for (size_t i = 0; i < config->architectures.count; i++)
		if (strcmp(config->architectures.items[i], "SCMP_ARCH_X32") == 0)
			return 0;	/* its numbers are all above the native ones */
	memcpy(out, stub, sizeof(stub));
	return ARRAY_SIZE(stub);
}

static int export(scmp_filter_ctx ctx, const struct oci_seccomp *config, uint32_t otherwise, struct arena *arena,
		  struct seccomp_program *program, struct error *err)
{
	autoclose int fd = memfd_create("seccomp", MFD_CLOEXEC);
	autobuffer struct buffer bytes = { 0 };
	size_t before, length;
	int r;

	if (fd < 0)
		return error_errno(err, "cannot make room for the filter");
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return error_number(err, -r, "cannot compile the filter");
	if (lseek(fd, 0, SEEK_SET) < 0 || file_read_fd(fd, "seccomp", FILTER_BYTES_MAX, &bytes, err) < 0)
		return -1;
	length = bytes.length / sizeof(struct sock_filter);
	program->filter = arena_array(arena, length + 8, sizeof(struct sock_filter));
	before = put_newer_calls(config, otherwise, program->filter);
	if (length + before > BPF_MAXINSNS)
		return error_set(err, "the filter is longer than the kernel takes");
	memcpy(program->filter + before, bytes.data, bytes.length);
	program->length = (unsigned short)(length + before);
	return 0;
}

int seccomp_compile(const struct oci_seccomp *config, struct arena *arena, struct seccomp_program *program,
		    struct error *err)
{
	scmp_filter_ctx ctx;
	uint32_t otherwise;
	int r;

	*program = (struct seccomp_program){ 0 };
	if (config->listener_path && *config->listener_path)
		return error_set(err, "linux.seccomp.listenerPath is not supported");
	if (find_action(config->default_action, config->has_default_errno_ret, config->default_errno_ret, &otherwise, err) < 0)
		return error_context(err, "linux.seccomp.defaultAction");
	for (size_t i = 0; i < config->flags.count; i++) {
		int which = find(seccomp_flag_names, config->flags.items[i]);

		if (which < 0)
			return error_set(err, "linux.seccomp.flags: unknown flag '%s'", config->flags.items[i]);
		program->flags |= flags[which];
	}
	ctx = seccomp_init(otherwise);
	if (!ctx)
		return error_set(err, "linux.seccomp: cannot start a filter");
	/* Asking for the best tree halves the number of instructions a call runs through. */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	r = add_architectures(ctx, &config->architectures, err);
	if (r == 0)
		r = add_rules(ctx, config, otherwise, err);
	if (r == 0)
		r = export(ctx, config, otherwise, arena, program, err);
	seccomp_release(ctx);
	return r < 0 ? error_context(err, "linux.seccomp") : 0;
}

int seccomp_apply(const struct seccomp_program *program, int *listener, struct error *err)
{
	const struct sock_fprog filter = { .len = program->length, .filter = program->filter };
	unsigned int how = program->flags | (program->notifies ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0);
	long fd;

	*listener = -1;
	if (program->length == 0)
		return 0;
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, how, &filter);
	if (fd < 0)
		return error_errno(err, "cannot load the seccomp filter");
	if (program->notifies)
		*listener = (int)fd;
	return 0;
}
