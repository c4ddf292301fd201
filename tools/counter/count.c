/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TCG plugin for QEMU: how many instructions the guest has executed up to the mark of a test's end (control/test.h). When QEMU ends
 * it writes the line "instructions N" to the log, which is `-D FILE` with `-d plugin`; N is 0 where the mark was not reached. With -icount
 * and one CPU the number repeats from run to run.
 */
#include "tools/counter/plugin.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/test.h"

#define ADD_U64 0			/* enum qemu_plugin_op */

int qemu_plugin_version = 1;

static const uint8_t mark[] = TEST_MARK;
static uint64_t executed, at_mark;

static void reached(unsigned int cpu, void *context)
{
	(void)cpu;
	(void)context;
	at_mark = executed;
}

/* Each by itself and not block by block: a page fault ends a block in its middle. */
static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		qemu_plugin_register_vcpu_insn_exec_inline(insn, ADD_U64, &executed, 1);
		if (qemu_plugin_insn_size(insn) == sizeof(mark) && memcmp(qemu_plugin_insn_data(insn), mark, sizeof(mark)) == 0)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, reached, 0, NULL);
	}
}

static void finished(plugin_id id, void *context)
{
	char line[64];

	(void)id;
	(void)context;
	(void)snprintf(line, sizeof(line), "instructions %" PRIu64 "\n", at_mark);
	qemu_plugin_outs(line);
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	(void)info;
	(void)argc;
	(void)argv;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, finished, NULL);
	return 0;
}
