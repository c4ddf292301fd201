/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/seccomp_file.h"

#include <assert.h>
#include <fcntl.h>
#include <linux/bpf_common.h>
#include <seccomp.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

#define MAGIC "slipbpf1"

void seccomp_file_write(const struct seccomp_program *program, struct buffer *out)
{
	struct seccomp_file head = { .arch = program->arch, .flags = program->flags, .length = program->length };

	assert(!program->notifies);
	memcpy(head.magic, MAGIC, sizeof(head.magic));
	buffer_add(out, &head, sizeof(head));
	buffer_add(out, program->filter, program->length * sizeof(*program->filter));
}

static int check(const struct seccomp_file *head, size_t bytes, struct error *err)
{
	if (memcmp(head->magic, MAGIC, sizeof(head->magic)) != 0)
		return error_set(err, "is not a compiled filter");
	if (head->arch != seccomp_arch_native())
		return error_set(err, "is for another architecture: 0x%x, not 0x%x", head->arch, seccomp_arch_native());
	if (head->length == 0 || head->length > BPF_MAXINSNS || bytes != head->length * sizeof(struct sock_filter))
		return error_set(err, "says that it has %u instructions, and has %zu bytes of them", head->length, bytes);
	return 0;
}

int seccomp_file_read(const char *path, struct arena *arena, struct seccomp_program *program, struct error *err)
{
	autobuffer struct buffer text = { 0 };
	struct seccomp_file head = { 0 };
	size_t bytes;

	if (file_read(AT_FDCWD, path, sizeof(head) + BPF_MAXINSNS * sizeof(struct sock_filter), &text, err) < 0)
		return -1;
	if (text.length > 0)
		memcpy(&head, text.data, text.length < sizeof(head) ? text.length : sizeof(head));
	bytes = text.length < sizeof(head) ? 0 : text.length - sizeof(head);
	if (check(&head, bytes, err) < 0)
		return error_context(err, "'%s'", path);
	*program = (struct seccomp_program){ .length = (unsigned short)head.length, .arch = head.arch, .flags = head.flags, .agent = -1 };
	program->filter = arena_array(arena, head.length, sizeof(*program->filter));
	memcpy(program->filter, text.data + sizeof(head), bytes);
	return 0;
}
