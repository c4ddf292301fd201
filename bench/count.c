/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TCG plugin for QEMU: the number of guest instructions executed when an
 * address is reached for the first time.
 *
 *     -plugin count.so,NAME=0xADDRESS[,NAME=0xADDRESS...] -d plugin -D FILE
 *
 * At the end FILE holds "NAME COUNT" for each, COUNT 0 where it was never reached, and
 * "total COUNT". With -icount and one CPU the counts repeat from run to run.
 *
 * QEMU's header is not in Debian's packages: what is used of its plugin API (version 1, docs/devel/tcg-plugins)
 * is declared here.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define MARKS_MAX 16

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

extern EXPORT int qemu_plugin_version;
EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*cb)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *counter, uint64_t add);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, void (*cb)(unsigned int, void *), int flags,
					    void *context);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*cb)(plugin_id, void *), void *context);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_outs(const char *text);

int qemu_plugin_version = 1;

static uint64_t executed;

static struct mark {
	const char *name;
	uint64_t address, count;
} marks[MARKS_MAX];

static size_t marks_count;

static void reached(unsigned int cpu, void *context)
{
	struct mark *mark = context;

	(void)cpu;
	if (mark->count == 0)
		mark->count = executed;
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, 0, &executed, n);
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		for (size_t m = 0; m < marks_count; m++)
			if (marks[m].address == qemu_plugin_insn_vaddr(insn))
				qemu_plugin_register_vcpu_insn_exec_cb(insn, reached, 0, &marks[m]);
	}
}

static void report(plugin_id id, void *context)
{
	char line[128];

	(void)id;
	(void)context;
	for (size_t m = 0; m < marks_count; m++) {
		(void)snprintf(line, sizeof(line), "%s %llu\n", marks[m].name, (unsigned long long)marks[m].count);
		qemu_plugin_outs(line);
	}
	(void)snprintf(line, sizeof(line), "total %llu\n", (unsigned long long)executed);
	qemu_plugin_outs(line);
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc && marks_count < MARKS_MAX; i++) {
		char *word = strdup(argv[i]), *equals = word ? strchr(word, '=') : NULL;

		if (!equals)
			return -1;
		*equals = '\0';
		marks[marks_count++] = (struct mark){ .name = word, .address = strtoull(equals + 1, NULL, 0) };
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, report, NULL);
	return 0;
}
