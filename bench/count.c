/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TCG plugin for QEMU: the number of guest instructions executed when an
 * address is reached.
 *
 *     -plugin count.so,NAME=0xADDRESS[#N],...[,for=0xADDRESS+SIZE...][,through=0xADDRESS+SIZE] -d plugin -D FILE
 *
 * At the end FILE holds "NAME COUNT APART" for each, COUNT 0 where it was never reached (for the Nth time; the first is meant
 * otherwise), and "total COUNT APART". APART is how many of them the kernel executed on behalf of the functions `for`: those
 * since the last instruction outside the kernel that was in one of them, where the function `through` (syscall(2) of the C library)
 * belongs to its caller. With -icount and one CPU the counts repeat from run to run.
 */
#include "tools/counter/plugin.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARKS_MAX 16
#define RANGES_MAX 8
#define KERNEL 0xffff000000000000u

int qemu_plugin_version = 1;

static uint64_t executed, apart;
static bool on_behalf;			/* the last instruction outside the kernel was of a function `for` */

static struct mark {
	const char *name;
	uint64_t address, count, apart;
	unsigned int left;		/* how often it is to be reached until it counts */
} marks[MARKS_MAX];

static struct range {
	uint64_t start, size;
	bool through;
} ranges[RANGES_MAX];

static size_t marks_count, ranges_count;

static void reached(unsigned int cpu, void *context)
{
	struct mark *mark = context;

	(void)cpu;
	if (mark->left == 0 || --mark->left > 0)
		return;
	mark->count = executed;
	mark->apart = apart;
}

static void ran_kernel(unsigned int cpu, void *length)
{
	(void)cpu;
	if (on_behalf)
		apart += (uintptr_t)length;
}

static void ran_user(unsigned int cpu, void *is_for)
{
	(void)cpu;
	on_behalf = is_for != NULL;
}

static const struct range *find_range(uint64_t address)
{
	for (size_t i = 0; i < ranges_count; i++)
		if (address >= ranges[i].start && address - ranges[i].start < ranges[i].size)
			return &ranges[i];
	return NULL;
}

static void watch_owner(struct qemu_plugin_tb *tb, uint64_t address, size_t n)
{
	const struct range *range = find_range(address);

	if (address >= KERNEL)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, ran_kernel, 0, (void *)n);
	else if (!range || !range->through)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, ran_user, 0, (void *)range);
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, 0, &executed, n);
	if (ranges_count > 0)
		watch_owner(tb, qemu_plugin_tb_vaddr(tb), n);
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		for (size_t m = 0; m < marks_count; m++)
			if (marks[m].address == qemu_plugin_insn_vaddr(insn))
				qemu_plugin_register_vcpu_insn_exec_cb(insn, reached, 0, &marks[m]);
	}
}

static void print(const char *name, uint64_t count, uint64_t of_them)
{
	char line[128];

	(void)snprintf(line, sizeof(line), "%s %llu %llu\n", name, (unsigned long long)count, (unsigned long long)of_them);
	qemu_plugin_outs(line);
}

static void report(plugin_id id, void *context)
{
	(void)id;
	(void)context;
	for (size_t m = 0; m < marks_count; m++)
		print(marks[m].name, marks[m].count, marks[m].apart);
	print("total", executed, apart);
}

static int add(const char *name, const char *value)
{
	bool through = strcmp(name, "through") == 0;
	char *end;
	uint64_t address = strtoull(value, &end, 0);

	if (through || strcmp(name, "for") == 0) {
		if (ranges_count == RANGES_MAX || *end != '+')
			return -1;
		ranges[ranges_count++] = (struct range){ address, strtoull(end + 1, NULL, 0), through };
		return 0;
	}
	if (marks_count == MARKS_MAX)
		return -1;
	marks[marks_count++] = (struct mark){
		.name = name, .address = address, .left = *end == '#' ? (unsigned int)strtoul(end + 1, NULL, 0) : 1,
	};
	return 0;
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		char *word = strdup(argv[i]), *equals = word ? strchr(word, '=') : NULL;

		if (!equals)
			return -1;
		*equals = '\0';
		if (add(word, equals + 1) < 0)
			return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, report, NULL);
	return 0;
}
