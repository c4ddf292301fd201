/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile made from the input: its filter must do what the rules say, read one after the other, and what the filter
 * does that libseccomp makes of it, with every call that the profile, or a number next to one of its numbers, can tell
 * apart.
 *
 *	input	architectures(1) default(1) { call(2) action(1) flags(1) { index+operator(1) value(1..8) value_two(..)}* }*
 */
#include <errno.h>
#include <linux/audit.h>
#include <sanitizer/lsan_interface.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/linux/seccomp.h"

/* What checks the filters is no way that the search should follow, and following it takes more time than all the rest. */
#ifdef __clang__
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), apply_to = function)
#endif
#include "tests/fuzz/bpf_machine.h"
#ifdef __clang__
#pragma clang attribute pop
#endif

#define MUST(promise) ((promise) ? (void)0 : abort())

enum { RULES_MAX = 24, ARGS_MAX = 3, VALUES_MAX = 12 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {
	"read", "write", "open", "socket", "connect", "accept", "bind", "socketpair", "sendmmsg", "semop", "semget",
	"shmat", "msgctl", "clone", "clone3", "personality", "ioctl", "prctl", "fcntl", "fcntl64", "mmap", "mmap2",
	"stat64", "openat2", "_llseek", "no_such_call", "ptrace", "process_vm_readv", "epoll_pwait2", "close", "dup",
	"getpid", "exit", "exit_group", "rt_sigreturn", "sigreturn", "execve", "futex", "keyctl", "unshare", "setns",
	"mount", "umount2", "arch_prctl", "time", "gettimeofday", "set_mempolicy_home_node", "kill", "tgkill", "vfork",
};

static const struct {
	const char *name;
	uint32_t value;
} actions[] = {
	{ "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW }, { "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(EPERM) },
	{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS }, { "SCMP_ACT_LOG", SCMP_ACT_LOG },
	{ "SCMP_ACT_TRAP", SCMP_ACT_TRAP }, { "SCMP_ACT_KILL", SCMP_ACT_KILL },
};

static const struct {
	const char *name;
	enum scmp_compare value;
} operators[] = {
	{ "SCMP_CMP_NE", SCMP_CMP_NE }, { "SCMP_CMP_LT", SCMP_CMP_LT }, { "SCMP_CMP_LE", SCMP_CMP_LE },
	{ "SCMP_CMP_EQ", SCMP_CMP_EQ }, { "SCMP_CMP_GE", SCMP_CMP_GE }, { "SCMP_CMP_GT", SCMP_CMP_GT },
	{ "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
};

static const struct {
	const char *name;
	uint32_t token, arch;
} architectures[] = {
	{ "SCMP_ARCH_X86", SCMP_ARCH_X86, AUDIT_ARCH_I386 }, { "SCMP_ARCH_X32", SCMP_ARCH_X32, AUDIT_ARCH_X86_64 },
	{ "SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64 },
	{ "SCMP_ARCH_ARM", SCMP_ARCH_ARM, AUDIT_ARCH_ARM }, { "SCMP_ARCH_X86_64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64 },
	{ "SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64, AUDIT_ARCH_RISCV64 },
};

/*
 * The number of a call, or libseccomp's own for one that is not there. It is asked for each rule and each call that is compared:
 * looked up each time, it is what most of the time goes to.
 */
static int number_of(uint32_t token, size_t name)
{
	static int numbers[ARRAY_SIZE(architectures)][ARRAY_SIZE(names)];
	static bool known;

	for (size_t a = 0; !known && a < ARRAY_SIZE(architectures); a++)
		for (size_t n = 0; n < ARRAY_SIZE(names); n++)
			numbers[a][n] = seccomp_syscall_resolve_name_arch(architectures[a].token, names[n]);
	known = true;
	for (size_t a = 0; a < ARRAY_SIZE(architectures); a++)
		if (architectures[a].token == token)
			return numbers[a][name];
	return __NR_SCMP_ERROR;
}

struct input {
	const uint8_t *data;
	size_t size;
};

static uint8_t take(struct input *in)
{
	if (in->size == 0)
		return 0;
	in->size--;
	return *in->data++;
}

static uint64_t take_value(struct input *in)
{
	uint8_t length = take(in) & 7;
	uint64_t value = 0;

	for (uint8_t i = 0; i <= length; i++)
		value = value << 8 | take(in);
	return take(in) & 1 ? ~value : value;
}

struct profile {
	struct oci_seccomp config;
	struct oci_seccomp_rule rules[RULES_MAX];
	struct oci_seccomp_arg args[RULES_MAX][ARGS_MAX];
	size_t rule_calls[RULES_MAX];	/* in `names` */
	enum scmp_compare ops[RULES_MAX][ARGS_MAX];
	const char *rule_names[RULES_MAX], *arch_names[ARRAY_SIZE(architectures)];
	uint32_t otherwise, rule_actions[RULES_MAX];
	uint64_t values[RULES_MAX * ARGS_MAX * 2];
	size_t values_count;
};

static void read_profile(struct input *in, struct profile *p)
{
	uint8_t archs = take(in), which = take(in) % ARRAY_SIZE(actions);

	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
		if (archs & 1 << i)
			p->arch_names[p->config.architectures.count++] = architectures[i].name;
	p->config.architectures.items = p->arch_names;
	p->config.default_action = actions[which].name;
	p->otherwise = actions[which].value;
	p->config.syscalls = p->rules;
	while (in->size > 0 && p->config.syscalls_count < RULES_MAX) {
		size_t n = p->config.syscalls_count++;
		struct oci_seccomp_rule *rule = &p->rules[n];
		uint8_t action;

		p->rule_calls[n] = take(in) % ARRAY_SIZE(names);
		p->rule_names[n] = names[p->rule_calls[n]];
		rule->names.items = &p->rule_names[n];
		rule->names.count = 1;
		action = take(in);
		p->rule_actions[n] = actions[action % ARRAY_SIZE(actions)].value;
		rule->action = actions[action % ARRAY_SIZE(actions)].name;
		rule->args = p->args[n];
		rule->args_count = (action >> 4) % (ARGS_MAX + 1);
		for (size_t i = 0; i < rule->args_count; i++) {
			uint8_t how = take(in);

			rule->args[i] = (struct oci_seccomp_arg){ .index = how % 6, .op = operators[how / 6 % 7].name };
			p->ops[n][i] = operators[how / 6 % 7].value;
			rule->args[i].value = take_value(in);
			rule->args[i].value_two = take_value(in);
			p->values[p->values_count++] = rule->args[i].value;
			p->values[p->values_count++] = rule->args[i].value_two;
		}
	}
}

static bool has_repeated(const struct oci_seccomp_rule *rule)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < rule->args_count; i++) {
		if (seen & 1u << rule->args[i].index)
			return true;
		seen |= 1u << rule->args[i].index;
	}
	return false;
}

/*
 * libseccomp 2.5.4 forgets to load the number of the call in front of its tests when the first of them is for a call that
 * the architecture does not have. Gates aside, such calls have negative numbers.
 */
static bool is_missing(uint32_t architecture, size_t name)
{
	int number = number_of(architecture, name);

	return number < -1 && (number < -300 || strcmp(names[name], "accept") == 0 || strcmp(names[name], "semop") == 0);
}

/* And it goes wrong, or a way of its own, where several rules are for one call. */
static bool is_comparable(const struct profile *p)
{
	for (size_t i = 0; i < p->config.syscalls_count; i++) {
		for (size_t a = 0; a < ARRAY_SIZE(architectures); a++)
			if (is_missing(architectures[a].token, p->rule_calls[i]))
				return false;
		for (size_t k = 0; k < i; k++)
			if (p->rule_calls[i] == p->rule_calls[k])
				return false;
		if (has_repeated(&p->rules[i]))
			return false;
	}
	return true;
}

static bool add(scmp_filter_ctx ctx, uint32_t action, int number, const struct oci_seccomp_rule *rule,
		const enum scmp_compare *ops)
{
	struct scmp_arg_cmp args[ARGS_MAX];
	int r;

	for (size_t i = 0; i < rule->args_count; i++)
		args[i] = (struct scmp_arg_cmp){ rule->args[i].index, ops[i], rule->args[i].value, rule->args[i].value_two };
	r = seccomp_rule_add_array(ctx, action, number, (unsigned int)rule->args_count, args);
	return r == 0 || r == -EEXIST;
}

/* 0 where libseccomp does not want the profile. */
static size_t reference(const struct profile *p, struct sock_filter *out)
{
	scmp_filter_ctx ctx = seccomp_init(p->otherwise);
	int fd = memfd_create("reference", MFD_CLOEXEC);
	ssize_t n = 0;
	bool ok = ctx && fd >= 0;

	for (size_t i = 0; ok && i < ARRAY_SIZE(architectures); i++)
		for (size_t k = 0; k < p->config.architectures.count; k++)
			if (strcmp(architectures[i].name, p->arch_names[k]) == 0)
				(void)seccomp_arch_add(ctx, architectures[i].token);
	for (size_t i = 0; ok && i < p->config.syscalls_count; i++) {
		int number = seccomp_syscall_resolve_name(p->rule_names[i]);
		const struct oci_seccomp_rule *rule = &p->rules[i];

		if (number == __NR_SCMP_ERROR || p->rule_actions[i] == p->otherwise)
			continue;
		ok = add(ctx, p->rule_actions[i], number, rule, p->ops[i]);
	}
	ok = ok && seccomp_export_bpf(ctx, fd) == 0;
	if (ok)
		n = pread(fd, out, BPF_MAXINSNS * sizeof(*out), 0);
	if (fd >= 0)
		close(fd);
	seccomp_release(ctx);
	return ok && n > 0 ? (size_t)n / sizeof(*out) : 0;
}

#ifdef __clang__
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), apply_to = function)
#endif
struct comparison {
	const struct profile *profile;
	const struct seccomp_program *program;
	const struct sock_filter *reference;
	size_t length;			/* of the reference; 0 where there is none */
	uint32_t token;			/* SCMP_ARCH_*; 0 for what the profile does not have */
	const char *name;		/* of the call, or NULL */
	bool newer;			/* than all that the profile knows */
};

static bool holds(const struct oci_seccomp_arg *arg, enum scmp_compare op, const __u64 *args, bool narrow)
{
	uint64_t bits = narrow ? UINT32_MAX : UINT64_MAX, a = args[arg->index] & bits, value = arg->value & bits;

	if (op == SCMP_CMP_MASKED_EQ)
		return (a & value) == (arg->value_two & value);
	return op == SCMP_CMP_NE ? a != value :
	       op == SCMP_CMP_LT ? a < value :
	       op == SCMP_CMP_LE ? a <= value :
	       op == SCMP_CMP_EQ ? a == value :
	       op == SCMP_CMP_GE ? a >= value :
				   a > value;
}

/* Whether the rule is for this call; of a multiplexed one, it takes the gate's first argument. */
static bool is_for(const struct comparison *c, size_t name, const struct seccomp_data *call, bool *gate)
{
	int pseudo = number_of(c->token, name);

	*gate = c->token == SCMP_ARCH_X86 &&
		((call->nr == 102 && pseudo <= -100 && pseudo >= -120 && (uint32_t)call->args[0] == -pseudo - 100u) ||
		 (call->nr == 117 && pseudo <= -200 && pseudo >= -224 && (uint32_t)call->args[0] == -pseudo - 200u));
	return *gate || (c->name && strcmp(c->name, names[name]) == 0);
}

static bool matches(const struct comparison *c, size_t n, const struct seccomp_data *call, bool gate)
{
	const struct oci_seccomp_rule *rule = &c->profile->rules[n];
	bool narrow = !(c->token & __AUDIT_ARCH_64BIT), any = has_repeated(rule), all = true, one = false;

	for (size_t i = 0; i < rule->args_count; i++) {
		bool yes = (gate && rule->args[i].index == 0) || holds(&rule->args[i], c->profile->ops[n][i], call->args, narrow);

		all &= yes;
		one |= yes;
	}
	return any ? one : all;
}

/* The rules, read one after the other. */
static uint32_t model(const struct comparison *c, const struct seccomp_data *call)
{
	const struct profile *p = c->profile;
	uint32_t action = p->otherwise;
	bool found = false, gate;

	if (c->token == 0)
		return SECCOMP_RET_KILL_THREAD;
	for (size_t i = 0; i < p->config.syscalls_count; i++) {
		if (p->rule_actions[i] == p->otherwise || !is_for(c, p->rule_calls[i], call, &gate))
			continue;
		/* One without conditions goes first; through a gate each rule has one. */
		if (p->rules[i].args_count == 0 && !gate)
			return p->rule_actions[i];
		if (!found && matches(c, i, call, gate)) {
			found = true;
			action = p->rule_actions[i];
		}
	}
	return action;
}

static void must_be(const struct seccomp_data *call, uint32_t ours, uint32_t theirs, const char *who)
{
	if (ours == theirs)
		return;
	fprintf(stderr, "arch %x call %d args %llx %llx %llx %llx %llx %llx: %x, but %s %x\n", call->arch, call->nr,
		call->args[0], call->args[1], call->args[2], call->args[3], call->args[4], call->args[5], ours, who,
		theirs);
	abort();
}

/* Ours says ENOSYS for calls beyond those that the profile knows. */
static void compare(struct comparison *c, struct seccomp_data *call)
{
	uint32_t ours = bpf_machine_run(c->program->filter, c->program->length, call);

	if (ours == (SECCOMP_RET_ERRNO | ENOSYS)) {
		MUST(c->newer && c->profile->otherwise != SCMP_ACT_ALLOW);
		return;
	}
	must_be(call, ours, model(c, call), "the rules say");
	if (c->length)
		must_be(call, ours, bpf_machine_run(c->reference, c->length, call), "libseccomp says");
}

static bool is_newer(const struct comparison *c, uint32_t number)
{
	const struct profile *p = c->profile;

	for (size_t i = 0; i < p->config.syscalls_count; i++) {
		int n = number_of(c->token, p->rule_calls[i]);

		if (n >= 0 && (uint32_t)n >= number)
			return false;
	}
	return p->config.syscalls_count > 0;
}

static bool is_wanted(const struct profile *p, uint32_t token)
{
	if (token == seccomp_arch_native())
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
		for (size_t k = 0; k < p->config.architectures.count; k++)
			if (architectures[i].token == token && strcmp(architectures[i].name, p->arch_names[k]) == 0)
				return true;
	return false;
}

/* Which table of calls the kernel means. */
static uint32_t token_of(const struct profile *p, uint32_t arch, uint32_t number)
{
	if (arch == AUDIT_ARCH_X86_64 && is_wanted(p, SCMP_ARCH_X32))
		return number & 0x40000000 && number != UINT32_MAX ? SCMP_ARCH_X32 : SCMP_ARCH_X86_64;
	if (arch == AUDIT_ARCH_X86_64 && number >= 0x40000000 && number != UINT32_MAX)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
		if (architectures[i].arch == arch && is_wanted(p, architectures[i].token))
			return architectures[i].token;
	return 0;
}

/* Whether a rule is for this call, through a gate or without. */
static bool has_rule(const struct comparison *c, const struct seccomp_data *call)
{
	bool gate;

	if (call->nr == 102 || call->nr == 117)
		return true;
	for (size_t i = 0; i < c->profile->config.syscalls_count; i++)
		if (is_for(c, c->profile->rule_calls[i], call, &gate))
			return true;
	return false;
}

static void compare_number(struct comparison *c, uint32_t arch, uint32_t number)
{
	struct seccomp_data call = { .nr = (int)number, .arch = arch };
	const struct profile *p = c->profile;
	autofree char *name = NULL;
	size_t values;

	c->token = token_of(p, arch, number);
	/* Negative numbers are libseccomp's own, for calls that are not there. */
	name = c->token && (int)number >= 0 ? seccomp_syscall_resolve_num_arch(c->token, (int)number) : NULL;
	c->name = name;
	c->newer = is_newer(c, number);
	compare(c, &call);
	/*
	 * Each value that the profile names, its neighbours, and both with another upper half, in all arguments; for a call without a
	 * rule, which is most of them, one value.
	 */
	values = p->values_count < VALUES_MAX ? p->values_count : VALUES_MAX;
	if (values > 1 && !has_rule(c, &call))
		values = 1;
	for (size_t i = 0; i < values; i++)
		for (uint64_t d = 0; d < 6; d++) {
			uint64_t value = p->values[i] + d % 3 - 1;

			for (size_t a = 0; a < 6; a++)
				call.args[a] = d < 3 ? value : value ^ 1ull << 32;
			compare(c, &call);
			call.args[i % 6] = 0;
			compare(c, &call);
		}
	/* The first argument is a gate's number. */
	for (uint64_t gate = 1; gate < 25 && (number == 102 || number == 117); gate++) {
		call.args[0] = gate;
		compare(c, &call);
	}
}

#ifdef __clang__
#pragma clang attribute pop
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sock_filter theirs[BPF_MAXINSNS];
	struct input in = { data, size };
	struct profile p = { 0 };
	struct arena arena = { 0 };
	struct error err = { 0 };
	struct seccomp_program program = { 0 };
	struct comparison c = { .profile = &p, .program = &program, .reference = theirs };

	read_profile(&in, &p);
	MUST(seccomp_compile(&p.config, &arena, &program, &err) == 0);
	MUST(program.length > 0 && program.length <= BPF_MAXINSNS);
	/* libseccomp 2.5.4 leaks a little when rules overlap. */
	__lsan_disable();
	if (is_comparable(&p))
		c.length = reference(&p, theirs);
	__lsan_enable();
	for (size_t a = 0; a < ARRAY_SIZE(architectures); a++) {
		uint32_t arch = architectures[a].arch;

		compare_number(&c, arch, 102);
		compare_number(&c, arch, 117);
		for (size_t i = 0; i < p.config.syscalls_count; i++) {
			int number = number_of(architectures[a].token, p.rule_calls[i]);

			for (int d = -1; d <= 1 && number >= 0; d++)
				compare_number(&c, arch, (uint32_t)(number + d));
		}
		compare_number(&c, arch, 359);
		compare_number(&c, arch, 0x3fffffff);
		compare_number(&c, arch, 0x40000000);
		compare_number(&c, arch, 0xfffffffe);
		compare_number(&c, arch, 0xffffffff);
	}
	compare_number(&c, AUDIT_ARCH_S390X, 0);
	arena_release(&arena);
	return 0;
}
