/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/scheduling.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define SET_BITS 8192			/* CPUs or memory nodes, at most: what the largest kernels are built for */
#define WORD_BITS (8 * sizeof(unsigned long))

/* sched_setattr(2), in its first version; the kernel's header for it contradicts <sched.h>. */
struct sched_attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};
_Static_assert(sizeof(struct sched_attributes) == 48, "SCHED_ATTR_SIZE_VER0");

struct word {
	const char *name;
	uint64_t value;
};

enum { OTHER, FIFO, RR, BATCH, ISO, IDLE, DEADLINE };

static const struct word policies[] = {
	{ "SCHED_OTHER", OTHER }, { "SCHED_FIFO", FIFO }, { "SCHED_RR", RR }, { "SCHED_BATCH", BATCH },
	{ "SCHED_ISO", ISO },	  { "SCHED_IDLE", IDLE }, { "SCHED_DEADLINE", DEADLINE },
};

static const struct word scheduler_flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", 0x01 },	{ "SCHED_FLAG_RECLAIM", 0x02 },
	{ "SCHED_FLAG_DL_OVERRUN", 0x04 },	{ "SCHED_FLAG_KEEP_POLICY", 0x08 },
	{ "SCHED_FLAG_KEEP_PARAMS", 0x10 },	{ "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 },
};

static const struct word io_classes[] = {
	{ "IOPRIO_CLASS_RT", 1 }, { "IOPRIO_CLASS_BE", 2 }, { "IOPRIO_CLASS_IDLE", 3 },
};
#define IO_PRIORITY_MAX 7
#define IO_WHO_PROCESS 1		/* ioprio_set(2) */
#define IO_CLASS_SHIFT 13

static const struct word domains[] = { { "LINUX", PER_LINUX }, { "LINUX32", PER_LINUX32 } };

const char *const memory_policy_mode_names[] = { "MPOL_DEFAULT", "MPOL_PREFERRED", "MPOL_BIND", "MPOL_INTERLEAVE",
						 "MPOL_LOCAL", "MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE",
						 NULL };	/* each is its number */
const char *const memory_policy_flag_names[] = { "MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES",
						 "MPOL_F_STATIC_NODES", NULL };	/* from 1 << 13 on */
#define MEMORY_FLAG_FIRST 13

static const struct word *find(const struct word *words, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i].name, name) == 0)
			return &words[i];
	return NULL;
}
#define FIND(words, name) find(words, ARRAY_SIZE(words), name)

static int find_name(const char *const *names, const char *name)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

/* ------------------------------------------------------------ reading */

static int read_scheduler(const struct oci_scheduler *s, struct sched_attributes *out, struct error *err)
{
	const struct word *policy = FIND(policies, s->policy);
	bool fair, fixed;

	if (!policy)
		return error_set(err, "unknown policy '%s'", s->policy);
	fair = policy->value == OTHER || policy->value == BATCH;
	fixed = policy->value == FIFO || policy->value == RR;
	if (fair && (s->nice < -20 || s->nice > 19))
		return error_set(err, "nice goes from -20 to 19, not %d", s->nice);
	if (s->priority != 0 && !fixed)
		return error_set(err, "priority is only for SCHED_FIFO and SCHED_RR");
	if ((s->runtime || s->deadline || s->period) && policy->value != DEADLINE)
		return error_set(err, "runtime, deadline and period are only for SCHED_DEADLINE");
	*out = (struct sched_attributes){
		.size = sizeof(*out), .policy = (uint32_t)policy->value, .nice = s->nice,
		.priority = (uint32_t)s->priority, .runtime = s->runtime, .deadline = s->deadline, .period = s->period,
	};
	for (size_t i = 0; i < s->flags.count; i++) {
		const struct word *flag = FIND(scheduler_flags, s->flags.items[i]);

		if (!flag)
			return error_set(err, "unknown flag '%s'", s->flags.items[i]);
		out->flags |= flag->value;
	}
	return 0;
}

static int read_io_priority(const struct oci_io_priority *io, int *out, struct error *err)
{
	const struct word *class = FIND(io_classes, io->class);

	if (!class)
		return error_set(err, "unknown class '%s'", io->class);
	if (io->priority < 0 || io->priority > IO_PRIORITY_MAX)
		return error_set(err, "priority goes from 0 to %d, not %d", IO_PRIORITY_MAX, io->priority);
	*out = (int)class->value << IO_CLASS_SHIFT | io->priority;
	return 0;
}

/* One number of a list; `text` goes behind it. */
static int read_bit(const char **text, unsigned long *bit)
{
	char *end;

	if (**text < '0' || **text > '9')
		return -1;
	*bit = strtoul(*text, &end, 10);
	*text = end;
	return *bit < SET_BITS ? 0 : -1;
}

/* "0-3,7" */
static int read_set(const char *text, unsigned long set[SET_BITS / WORD_BITS], struct error *err)
{
	const char *p = text;
	unsigned long first, last;

	memset(set, 0, SET_BITS / 8);
	for (;;) {
		if (read_bit(&p, &first) < 0)
			break;
		last = first;
		if (*p == '-' && (p++, read_bit(&p, &last) < 0 || last < first))
			break;
		for (unsigned long i = first; i <= last; i++)
			set[i / WORD_BITS] |= 1ul << i % WORD_BITS;
		if (*p == '\0')
			return 0;
		if (*p++ != ',')
			break;
	}
	return error_set(err, "expected a list like '0-3,7', got '%s'", text);
}

static int read_memory_policy(const struct oci_memory_policy *m, int *mode,
			      unsigned long nodes[SET_BITS / WORD_BITS], struct error *err)
{
	*mode = find_name(memory_policy_mode_names, m->mode);
	if (*mode < 0)
		return error_set(err, "unknown mode '%s'", m->mode);
	for (size_t i = 0; i < m->flags.count; i++) {
		int flag = find_name(memory_policy_flag_names, m->flags.items[i]);

		if (flag < 0)
			return error_set(err, "unknown flag '%s'", m->flags.items[i]);
		*mode |= 1 << (MEMORY_FLAG_FIRST + flag);
	}
	if (!m->nodes) {
		memset(nodes, 0, SET_BITS / 8);
		return 0;
	}
	return read_set(m->nodes, nodes, err) < 0 ? error_context(err, "nodes") : 0;
}

static int read_personality(const struct oci_personality *p, unsigned long *out, struct error *err)
{
	const struct word *domain = FIND(domains, p->domain);

	if (!domain)
		return error_set(err, "unknown domain '%s'", p->domain);
	if (p->flags.count > 0)
		return error_set(err, "the flag '%s' is not supported: the specification has none", p->flags.items[0]);
	*out = domain->value;
	return 0;
}

/* ------------------------------------------------------------ applying; with `really` false only looked at */

static int use_scheduler(const struct oci_scheduler *s, bool really, struct error *err)
{
	struct sched_attributes attributes;

	if (!s)
		return 0;
	if (read_scheduler(s, &attributes, err) < 0)
		return error_context(err, "process.scheduler");
	if (really && syscall(SYS_sched_setattr, 0, &attributes, 0) < 0)
		return error_errno(err, "process.scheduler: cannot set the policy '%s'", s->policy);
	return 0;
}

static int use_io_priority(const struct oci_io_priority *io, bool really, struct error *err)
{
	int value = 0;

	if (!io)
		return 0;
	if (read_io_priority(io, &value, err) < 0)
		return error_context(err, "process.ioPriority");
	if (really && syscall(SYS_ioprio_set, IO_WHO_PROCESS, 0, value) < 0)
		return error_errno(err, "process.ioPriority: cannot set the class '%s'", io->class);
	return 0;
}

static int use_memory_policy(const struct oci_memory_policy *m, bool really, struct error *err)
{
	unsigned long nodes[SET_BITS / WORD_BITS];
	int mode = 0;

	if (!m)
		return 0;
	if (read_memory_policy(m, &mode, nodes, err) < 0)
		return error_context(err, "linux.memoryPolicy");
	/* The kernel counts the end of the set as one more than there are bits. */
	if (really && syscall(SYS_set_mempolicy, mode, m->nodes ? nodes : NULL, m->nodes ? SET_BITS + 1 : 0) < 0)
		return error_errno(err, "linux.memoryPolicy: cannot set the mode '%s'", m->mode);
	return 0;
}

static int use_personality(const struct oci_personality *p, bool really, struct error *err)
{
	unsigned long value = 0;

	if (!p)
		return 0;
	if (read_personality(p, &value, err) < 0)
		return error_context(err, "linux.personality");
	if (really && personality(value) < 0)
		return error_errno(err, "linux.personality: cannot set the domain '%s'", p->domain);
	return 0;
}

static int use_all(const struct oci_process *p, const struct oci_linux *l, bool really, struct error *err)
{
	if (p && (use_scheduler(p->scheduler, really, err) < 0 || use_io_priority(p->io_priority, really, err) < 0))
		return -1;
	return use_memory_policy(l->memory_policy, really, err) < 0 ? -1 : use_personality(l->personality, really, err);
}

int scheduling_check(const struct oci_process *process, const struct oci_linux *config, struct error *err)
{
	unsigned long cpus[SET_BITS / WORD_BITS];

	if (process && process->cpu_affinity_initial && read_set(process->cpu_affinity_initial, cpus, err) < 0)
		return error_context(err, "process.execCPUAffinity.initial");
	if (process && process->cpu_affinity_final && read_set(process->cpu_affinity_final, cpus, err) < 0)
		return error_context(err, "process.execCPUAffinity.final");
	return use_all(process, config, false, err);
}

int scheduling_apply(const struct oci_process *process, const struct oci_linux *config, struct error *err)
{
	return use_all(process, config, true, err);
}

void scheduling_use_all_cpus(pid_t pid)
{
	unsigned long all[SET_BITS / WORD_BITS];

	memset(all, 0xff, sizeof(all));
	(void)syscall(SYS_sched_setaffinity, pid, sizeof(all), all);
}

void scheduling_stay_on_cpu(void)
{
	unsigned long one[SET_BITS / WORD_BITS] = { 0 };
	unsigned int cpu;

	if (syscall(SYS_getcpu, &cpu, NULL, NULL) < 0 || cpu >= SET_BITS)
		return;
	one[cpu / WORD_BITS] = 1ul << cpu % WORD_BITS;
	(void)syscall(SYS_sched_setaffinity, 0, sizeof(one), one);
}

int scheduling_set_cpus(const char *cpus, struct error *err)
{
	unsigned long set[SET_BITS / WORD_BITS];

	if (!cpus)
		return 0;
	if (read_set(cpus, set, err) < 0)
		return error_context(err, "process.execCPUAffinity");
	if (syscall(SYS_sched_setaffinity, 0, sizeof(set), set) < 0)
		return error_errno(err, "process.execCPUAffinity: cannot use the CPUs '%s'", cpus);
	return 0;
}
