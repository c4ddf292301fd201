/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TCG plugin for QEMU: where the instructions between two moments of a boot go, by function and by what the kernel was
 * asked for.
 *
 *     -plugin profile.so,symbols=FILE,begin=0xADDRESS,end=0xADDRESS -d plugin -D FILE
 *
 * `symbols` has lines "ADDRESS TYPE NAME" in order of addresses, as nm and /proc/kallsyms write them. At the end FILE holds
 * "COUNT CAUSE FUNCTION" lines. CAUSE is the system call or exception that the kernel was entered by last, "user" outside it.
 * One CPU: a switch to another task keeps the cause until the next entry.
 */
#include "tools/counter/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYMBOLS_MAX 262144
#define CAUSES_MAX 1024
#define KERNEL 0xffff000000000000u

int qemu_plugin_version = 1;

static struct symbol {
	uint64_t address;
	char *name;
	int cause;			/* index of the cause that entering it is; 0 for none */
	uint64_t *counts;		/* for each cause */
} symbols[SYMBOLS_MAX];

static size_t symbols_count;
static const char *causes[CAUSES_MAX] = { "user" };
static int causes_count = 1, cause;
static uint64_t begin_at, end_at;
static int running;

struct block {
	struct symbol *symbol;
	size_t length;
	int enters;			/* a cause begins here */
};

static int is_cause(const char *name)
{
	return strncmp(name, "__x64_sys_", 10) == 0 || strncmp(name, "asm_exc_", 8) == 0;
}

static int read_symbols(const char *path)
{
	char line[512], name[256];
	unsigned long long address;
	FILE *f = fopen(path, "r");

	while (f && symbols_count < SYMBOLS_MAX && fgets(line, sizeof(line), f)) {
		struct symbol *s = &symbols[symbols_count];

		if (sscanf(line, "%llx %*c %255s", &address, name) != 2)
			continue;
		*s = (struct symbol){ .address = address, .name = strdup(name) };
		if (is_cause(name) && causes_count < CAUSES_MAX) {
			s->cause = causes_count;
			causes[causes_count++] = s->name;
		}
		symbols_count++;
	}
	return f ? fclose(f) : -1;
}

static struct symbol *find(uint64_t address)
{
	size_t low = 0, high = symbols_count;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (symbols[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	return &symbols[low];
}

static void executed(unsigned int cpu, void *context)
{
	struct block *b = context;

	(void)cpu;
	if (!running)
		return;
	if (b->enters >= 0)
		cause = b->enters;
	if (!b->symbol->counts)
		b->symbol->counts = calloc(CAUSES_MAX, sizeof(uint64_t));
	b->symbol->counts[cause] += b->length;
}

static void at_begin(unsigned int cpu, void *context)
{
	(void)cpu;
	(void)context;
	running = running == 0 ? 1 : running;
}

static void at_end(unsigned int cpu, void *context)
{
	(void)cpu;
	(void)context;
	running = running == 1 ? -1 : running;
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
	struct block *b = malloc(sizeof(*b));
	uint64_t address = qemu_plugin_tb_vaddr(tb);

	(void)id;
	b->length = qemu_plugin_tb_n_insns(tb);
	b->symbol = find(address);
	b->enters = address < KERNEL ? 0 : b->symbol->cause && b->symbol->address == address ? b->symbol->cause : -1;
	for (size_t i = 0; i < b->length; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t at = qemu_plugin_insn_vaddr(insn);

		if (at == begin_at || at == end_at)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, at == begin_at ? at_begin : at_end, 0, NULL);
	}
	qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, 0, b);
}

static void report(plugin_id id, void *context)
{
	char line[512];

	(void)id;
	(void)context;
	for (size_t i = 0; i < symbols_count; i++)
		for (int c = 0; symbols[i].counts && c < causes_count; c++) {
			if (symbols[i].counts[c] == 0)
				continue;
			(void)snprintf(line, sizeof(line), "%llu %s %s\n", (unsigned long long)symbols[i].counts[c], causes[c],
				       symbols[i].name);
			qemu_plugin_outs(line);
		}
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "symbols=", 8) == 0 && read_symbols(argv[i] + 8) < 0)
			return -1;
		if (strncmp(argv[i], "begin=", 6) == 0)
			begin_at = strtoull(argv[i] + 6, NULL, 0);
		if (strncmp(argv[i], "end=", 4) == 0)
			end_at = strtoull(argv[i] + 4, NULL, 0);
	}
	if (symbols_count == 0)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, report, NULL);
	return 0;
}
