/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/test_record.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"

/*
 * The console comes out, the status port is what the shell reads, and what the test writes is dropped, but for that the machine is the
 * same; and several are on a network by multicast.
 */
static char *command_of(const struct test_run *run, struct arena *arena)
{
	struct qemu_deterministic deterministic;
	struct qemu_vm vm = run->vm;

	vm.status = (struct qemu_line){ QEMU_LINE_FILE, 3 };
	if (!run->aside)
		vm.test = (struct qemu_line){ QEMU_LINE_DISCARD, -1 };
	if (vm.deterministic) {
		deterministic = *vm.deterministic;
		deterministic.count_fd = STDERR_FILENO;
		vm.deterministic = &deterministic;
	}
	return qemu_command_text(qemu_command(&vm, arena), arena);
}

static void add_one(struct buffer *text, const struct test_run *run, struct arena *arena)
{
	buffer_printf(text, "status=$(%s \\\n\t3>&1 1>&4 4>&-)\n", command_of(run, arena));
}

static void add_several(struct buffer *text, const struct test_run *machines, size_t count, struct arena *arena)
{
	autobuffer struct buffer names = { 0 };

	buffer_add_string(text, "case ${1-} in\n");
	for (size_t i = 0; i < count; i++) {
		buffer_printf(text, "%s)\n", machines[i].machine);
		add_one(text, &machines[i], arena);
		buffer_add_string(text, ";;\n");
		buffer_printf(&names, "%s%s", i ? " | " : "", machines[i].machine);
	}
	buffer_printf(text, "*)\necho \"usage: $0 %s\" >&2\nexit 125\n;;\nesac\n", buffer_string(&names));
}

int test_record(const char *path, const struct test_run *machines, size_t count, struct error *err)
{
	autobuffer struct buffer text = { 0 };
	autofree char *here = getcwd(NULL, 0);
	char *change[] = { (char *)"cd", here, NULL };
	struct arena arena = { 0 };
	int r;

	if (!here)
		return error_errno(err, "--record: cannot tell the directory");
	buffer_add_string(&text, "#!/bin/sh\n# What `slipway test` boots, with its console; the exit status is that of the machine.\n");
	buffer_printf(&text, "%s || exit 125\nexec 4>&1\n", qemu_command_text(change, &arena));
	if (machines->machine)
		add_several(&text, machines, count, &arena);
	else
		add_one(&text, machines, &arena);
	buffer_add_string(&text, "status=$(printf '%s\\n' \"$status\" | sed -n 's/^exit //p' | tail -n 1)\nexit \"${status:-125}\"\n");
	r = file_write_atomic(AT_FDCWD, path, text.data, text.length, 0755, err);
	arena_release(&arena);
	return r;
}
