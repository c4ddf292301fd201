/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/linux/seccomp_filter.h"

#define ARGUMENTS 6
#define CALLS_MAX 16384			/* rules of one architecture; a filter has fewer instructions */
#define FOREIGN SECCOMP_RET_KILL_THREAD	/* for architectures that the profile does not name */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1u << 5)
#endif
#define X32_BIT 0x40000000u

const char *const seccomp_action_names[] = {
	"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
	"SCMP_ACT_LOG",	  "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP", NULL,
};

/* In the order of seccomp_action_names. */
static const uint32_t actions[] = {
	SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(0), SCMP_ACT_KILL_THREAD, SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD,
	SCMP_ACT_LOG, SCMP_ACT_NOTIFY, SCMP_ACT_TRACE(0), SCMP_ACT_TRAP,
};

const char *const seccomp_operator_names[] = {
	"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE",
	NULL,
};

/* In the order of seccomp_operator_names. */
static const struct {
	enum filter_test test;
	bool negated, masked;
} operators[] = {
	{ FILTER_EQUAL, false, false },	  { FILTER_GREATER_OR_EQUAL, false, false },
	{ FILTER_GREATER, false, false }, { FILTER_GREATER, true, false },
	{ FILTER_GREATER_OR_EQUAL, true, false }, { FILTER_EQUAL, false, true },
	{ FILTER_EQUAL, true, false },
};

const char *const seccomp_flag_names[] = {
	"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC",
	"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", NULL,
};

static const unsigned int flags[] = {
	SECCOMP_FILTER_FLAG_LOG, SECCOMP_FILTER_FLAG_SPEC_ALLOW, SECCOMP_FILTER_FLAG_TSYNC,
	SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
};

/*
 * The last four are of the specification, and newer than libseccomp here: known, and passed over, for kernels
 * of these never ask a filter that we load.
 */
const char *const seccomp_architecture_names[] = {
	"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM",	   "SCMP_ARCH_MIPS",	"SCMP_ARCH_MIPS64",    "SCMP_ARCH_MIPS64N32",
	"SCMP_ARCH_MIPSEL",  "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64",
	"SCMP_ARCH_PPC",     "SCMP_ARCH_PPC64",	   "SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64",   "SCMP_ARCH_S390",
	"SCMP_ARCH_S390X",   "SCMP_ARCH_X32",	   "SCMP_ARCH_X86",	"SCMP_ARCH_X86_64",
	"SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_SH", "SCMP_ARCH_SHEB", NULL,
};

/* In the order of seccomp_architecture_names. */
static const uint32_t architectures[] = {
	SCMP_ARCH_AARCH64, SCMP_ARCH_ARM,	SCMP_ARCH_MIPS,	       SCMP_ARCH_MIPS64, SCMP_ARCH_MIPS64N32,
	SCMP_ARCH_MIPSEL,  SCMP_ARCH_MIPSEL64,	SCMP_ARCH_MIPSEL64N32, SCMP_ARCH_PARISC, SCMP_ARCH_PARISC64,
	SCMP_ARCH_PPC,	   SCMP_ARCH_PPC64,	SCMP_ARCH_PPC64LE,     SCMP_ARCH_RISCV64, SCMP_ARCH_S390,
	SCMP_ARCH_S390X,   SCMP_ARCH_X32,	SCMP_ARCH_X86,	       SCMP_ARCH_X86_64,
};

/* What i386 reaches both ways; libseccomp knows these numbers, but only gives out those of the gate. */
static const struct {
	int pseudo, number;
} direct_x86[] = {
	{ __PNR_recvmmsg, 337 },    { __PNR_sendmmsg, 345 },	{ __PNR_socket, 359 },	    { __PNR_socketpair, 360 },
	{ __PNR_bind, 361 },	    { __PNR_connect, 362 },	{ __PNR_listen, 363 },	    { __PNR_accept4, 364 },
	{ __PNR_getsockopt, 365 },  { __PNR_setsockopt, 366 },	{ __PNR_getsockname, 367 }, { __PNR_getpeername, 368 },
	{ __PNR_sendto, 369 },	    { __PNR_sendmsg, 370 },	{ __PNR_recvfrom, 371 },    { __PNR_recvmsg, 372 },
	{ __PNR_shutdown, 373 },    { __PNR_semget, 393 },	{ __PNR_semctl, 394 },	    { __PNR_shmget, 395 },
	{ __PNR_shmctl, 396 },	    { __PNR_shmat, 397 },	{ __PNR_shmdt, 398 },	    { __PNR_msgget, 399 },
	{ __PNR_msgsnd, 400 },	    { __PNR_msgrcv, 401 },	{ __PNR_msgctl, 402 },
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

	if (i < 0)
		return error_set(err, "unknown action '%s'", name);
	*action = actions[i];
	if (*action == SCMP_ACT_ERRNO(0) || *action == SCMP_ACT_TRACE(0))
		*action |= (has_errno ? number : EPERM) & 0xffff;
	else if (has_errno)
		return error_set(err, "errnoRet has no meaning for the action '%s'", name);
	return 0;
}

static int read_arg(const struct oci_seccomp_arg *arg, struct filter_condition *out, struct error *err)
{
	int op = find(seccomp_operator_names, arg->op);

	if (op < 0)
		return error_set(err, "unknown operator '%s'", arg->op);
	if (arg->index >= ARGUMENTS)
		return error_set(err, "a system call has the arguments 0 to 5, not %u", arg->index);
	*out = (struct filter_condition){ .argument = arg->index, .test = operators[op].test,
					  .negated = operators[op].negated, .mask = UINT64_MAX, .value = arg->value };
	if (operators[op].masked) {
		out->mask = arg->value;
		out->value = arg->value & arg->value_two;
	}
	return 0;
}

/* What one entry of `syscalls` asks for: a rule, or several of which each is enough. */
struct alternatives {
	struct filter_rule *rules;
	size_t count;
};

static int read_rule(const struct oci_seccomp_rule *config, uint32_t action, struct arena *arena,
		     struct alternatives *out, struct error *err)
{
	bool seen[ARGUMENTS] = { false }, repeated = false;
	struct filter_condition condition;

	for (size_t i = 0; i < config->args_count; i++) {
		if (read_arg(&config->args[i], &condition, err) < 0)
			return -1;
		repeated |= seen[condition.argument];
		seen[condition.argument] = true;
	}
	/* Several conditions on one argument are alternatives, as they are to runc: no value could meet them all. */
	out->count = repeated ? config->args_count : 1;
	out->rules = arena_array(arena, out->count, sizeof(*out->rules));
	for (size_t i = 0; i < out->count; i++)
		out->rules[i].action = action;
	for (size_t i = 0; i < config->args_count; i++) {
		struct filter_rule *rule = &out->rules[repeated ? i : 0];

		if (read_arg(&config->args[i], &rule->conditions[rule->count++], err) < 0)
			return -1;
	}
	return 0;
}

/* ------------------------------------------------------------ calls of an architecture */

struct compilation {
	const struct oci_seccomp *config;
	struct arena *arena;
	uint32_t otherwise;
	bool notifies;			/* somebody else answers some of the calls */
	uint32_t own;			/* the architecture that most calls come from */
	bool newer_fail;		/* calls newer than the profile get ENOSYS */
	struct filter_section sections[ARRAY_SIZE(architectures)];
	size_t sections_count;
};

static int push_call(struct compilation *c, struct filter_section *s, uint32_t number, bool narrow,
		     const struct filter_rule *rule, struct error *err)
{
	struct filter_call *call;

	if (s->count == CALLS_MAX)
		return error_set(err, "more than %d rules for one architecture", CALLS_MAX);
	call = arena_push(c->arena, &s->calls, &s->count, sizeof(*call));
	*call = (struct filter_call){ .number = number, .rule = rule, .narrow = narrow };
	return 0;
}

/*
 * Old calls for sockets and IPC come through one call, whose first argument says which is meant. The
 * others are where a filter cannot look, so conditions on them mean nothing then; what they do is what
 * libseccomp makes of them, and with it all other runtimes.
 */
static const struct filter_rule *multiplexed_rule(struct compilation *c, const struct filter_rule *rule, int number)
{
	struct filter_rule *copy = arena_alloc(c->arena, sizeof(*copy));
	unsigned int base = number > -200 ? 100 : 200;

	copy->action = rule->action;
	copy->conditions[copy->count++] = (struct filter_condition){ .mask = UINT64_MAX, .value = -number - base };
	for (unsigned int i = 0; i < rule->count; i++)
		if (rule->conditions[i].argument != 0)
			copy->conditions[copy->count++] = rule->conditions[i];
	return copy;
}

static int direct_number(uint32_t architecture, int number)
{
	for (size_t i = 0; architecture == SCMP_ARCH_X86 && i < ARRAY_SIZE(direct_x86); i++)
		if (direct_x86[i].pseudo == number)
			return direct_x86[i].number;
	return -1;
}

static int push_rule(struct compilation *c, struct filter_section *s, uint32_t architecture, int number,
		     const struct filter_rule *rule, struct error *err)
{
	bool narrow = !(architecture & __AUDIT_ARCH_64BIT);

	if (number <= -100 && number >= -299) {
		int gate = seccomp_syscall_resolve_name_arch(architecture, number > -200 ? "socketcall" : "ipc");

		if (gate >= 0 &&
		    push_call(c, s, (uint32_t)gate, narrow, multiplexed_rule(c, rule, number), err) < 0)
			return -1;
		number = direct_number(architecture, number);
	}
	return number < 0 ? 0 : push_call(c, s, (uint32_t)number, narrow, rule, err);
}

/* Profiles name calls of all kernels and machines; those that this one lacks are passed over. */
static int add_calls(struct compilation *c, struct filter_section *s, uint32_t architecture,
		     const struct alternatives *rules, struct error *err)
{
	uint32_t highest = 0;

	for (size_t i = 0; i < c->config->syscalls_count; i++) {
		const struct oci_strings *names = &c->config->syscalls[i].names;

		for (size_t k = 0; k < names->count; k++) {
			int number = seccomp_syscall_resolve_name_arch(architecture, names->items[k]);

			if (number == __NR_SCMP_ERROR)
				continue;
			if (number >= 0 && (uint32_t)number > highest)
				highest = (uint32_t)number;
			for (size_t r = 0; r < rules[i].count; r++)
				if (push_rule(c, s, architecture, number, &rules[i].rules[r], err) < 0)
					return error_context(err, "syscalls[%zu] '%s'", i, names->items[k]);
		}
	}
	/*
	 * Calls newer than the profile get ENOSYS, not what the profile says for all others: C libraries
	 * try a new call and fall back on ENOSYS, but take EPERM for an answer. x32 gets no new calls any more.
	 */
	if (c->newer_fail && c->config->syscalls_count > 0 && architecture != SCMP_ARCH_X32) {
		s->has_beyond = true;
		s->beyond_from = highest + 1;
		s->beyond_to = UINT32_MAX;
		s->beyond_action = SECCOMP_RET_ERRNO | ENOSYS;
	}
	return 0;
}

static struct filter_section *find_section(struct compilation *c, uint32_t arch)
{
	for (size_t i = 0; i < c->sections_count; i++)
		if (c->sections[i].arch == arch)
			return &c->sections[i];
	c->sections[c->sections_count].arch = arch;
	return &c->sections[c->sections_count++];
}

/* x86-64 and x32 are one architecture to the kernel, and differ in a bit of the number. */
static int add_architecture(struct compilation *c, uint32_t architecture, const struct alternatives *rules, bool x32,
			    struct error *err)
{
	bool shared = architecture == SCMP_ARCH_X86_64 || architecture == SCMP_ARCH_X32;
	struct filter_section *s = find_section(c, shared ? AUDIT_ARCH_X86_64 : architecture);

	if (add_calls(c, s, architecture, rules, err) < 0)
		return -1;
	if (shared && x32) {
		if (s->has_beyond)
			s->beyond_to = X32_BIT - 1;
	} else if (architecture == SCMP_ARCH_X86_64 && !s->has_beyond) {
		s->has_beyond = true;
		s->beyond_from = X32_BIT;
		s->beyond_to = UINT32_MAX - 1;	/* -1 is how a tracer skips a call */
		s->beyond_action = FOREIGN;
	}
	return 0;
}

static int add_architectures(struct compilation *c, const struct alternatives *rules, struct error *err)
{
	const struct oci_strings *names = &c->config->architectures;
	bool wanted[ARRAY_SIZE(architectures)] = { false };
	int x32 = find(seccomp_architecture_names, "SCMP_ARCH_X32");

	for (size_t i = 0; i < names->count; i++) {
		int which = find(seccomp_architecture_names, names->items[i]);

		if (which < 0)
			return error_set(err, "unknown architecture '%s'", names->items[i]);
		if ((size_t)which < ARRAY_SIZE(architectures))
			wanted[which] = true;
	}
	/* The one that most calls come from is asked for first. */
	if (add_architecture(c, c->own, rules, wanted[x32], err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
		if (wanted[i] && architectures[i] != c->own &&
		    add_architecture(c, architectures[i], rules, wanted[x32], err) < 0)
			return -1;
	return 0;
}

/* As runc has it: an agent answers by what it finds in memory, which is no way to guard so common a call. */
static int check_notified(const struct oci_seccomp_rule *rule, struct error *err)
{
	for (size_t i = 0; i < rule->names.count; i++)
		if (strcmp(rule->names.items[i], "write") == 0)
			return error_set(err, "SCMP_ACT_NOTIFY cannot be used for the write syscall");
	return 0;
}

static int add_rules(struct compilation *c, struct error *err)
{
	struct alternatives *rules = arena_array(c->arena, c->config->syscalls_count, sizeof(*rules));

	for (size_t i = 0; i < c->config->syscalls_count; i++) {
		const struct oci_seccomp_rule *rule = &c->config->syscalls[i];
		uint32_t action;

		if (find_action(rule->action, rule->has_errno_ret, rule->errno_ret, &action, err) < 0 ||
		    (action == SCMP_ACT_NOTIFY && check_notified(rule, err) < 0) ||
		    (action != c->otherwise && read_rule(rule, action, c->arena, &rules[i], err) < 0))
			return error_context(err, "syscalls[%zu]", i);
		c->notifies |= action == SCMP_ACT_NOTIFY;
	}
	return add_architectures(c, rules, err);
}

static int read_flags(const struct oci_seccomp *config, unsigned int *out, struct error *err)
{
	for (size_t i = 0; i < config->flags.count; i++) {
		int which = find(seccomp_flag_names, config->flags.items[i]);

		if (which < 0)
			return error_set(err, "flags: unknown flag '%s'", config->flags.items[i]);
		*out |= flags[which];
	}
	return 0;
}

static int check_listener(const struct oci_seccomp *config, bool notifies, struct error *err)
{
	if (config->listener_metadata && !config->listener_path)
		return error_set(err, "listenerMetadata is of no use without listenerPath");
	if (notifies && !config->listener_path)
		return error_set(err, "SCMP_ACT_NOTIFY needs a listenerPath");
	return 0;
}

int seccomp_compile(const struct oci_seccomp *config, struct arena *arena, struct seccomp_program *program,
		    struct error *err)
{
	return seccomp_compile_for(NULL, config, arena, program, err);
}

int seccomp_compile_for(const char *architecture, const struct oci_seccomp *config, struct arena *arena,
			struct seccomp_program *program, struct error *err)
{
	int own = architecture ? find(seccomp_architecture_names, architecture) : 0;
	struct compilation c = { .config = config, .arena = arena };
	struct seccomp_program p = { .agent = -1 };

	if (own < 0 || (size_t)own >= ARRAY_SIZE(architectures))
		return error_set(err, "linux.seccomp: no filter is made for the architecture '%s'", architecture);
	c.own = p.arch = architecture ? architectures[own] : seccomp_arch_native();
	if (find_action(config->default_action, config->has_default_errno_ret, config->default_errno_ret, &c.otherwise,
			err) < 0)
		return error_context(err, "linux.seccomp.defaultAction");
	if (c.otherwise == SCMP_ACT_NOTIFY)
		return error_set(err, "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be used as default action");
	c.newer_fail = c.otherwise != SCMP_ACT_ALLOW && c.otherwise != SCMP_ACT_LOG;
	if (read_flags(config, &p.flags, err) < 0 || add_rules(&c, err) < 0 ||
	    check_listener(config, c.notifies, err) < 0 ||
	    filter_build(c.sections, c.sections_count, c.otherwise, FOREIGN, arena, &p.filter, &p.length, err) < 0)
		return error_context(err, "linux.seccomp");
	p.notifies = c.notifies;
	/* The kernel takes the one only with a listener, and the other not with one: there is one thread to filter. */
	p.flags &= ~(unsigned int)(p.notifies ? SECCOMP_FILTER_FLAG_TSYNC : SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	*program = p;
	return 0;
}

bool seccomp_flag_supported(const char *name)
{
	int which = find(seccomp_flag_names, name);
	unsigned int flag = which < 0 ? 0 : flags[which];

	if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	/* Flags are looked at before the filter, which cannot be read. */
	return flag && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flag, NULL) < 0 && errno == EFAULT;
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
