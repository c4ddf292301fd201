/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel lets a process say which file it runs (prctl(2), PR_SET_MM_MAP: made for restoring processes), once nothing of
 * the old file is mapped any more. So the same pages are mapped again, from the other file, over the old ones: code that
 * runs does not notice.
 */
#include "runtime/linux/own_program.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int kept = -1;

void own_program_keep(int mount)
{
	kept = mount;
}

void own_program_let_go(void)
{
	int mount = kept;

	kept = -1;
	if (mount >= 0)
		(void)close(mount);
}

/* Linked to one address, and by nobody else: then the program headers name all there is of the file. */
static bool is_static(const Elf64_Phdr *headers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (headers[i].p_type == PT_INTERP || headers[i].p_type == PT_DYNAMIC)
			return false;
	return headers && count > 0;
}

static int map_again(void *start, size_t length, const Elf64_Phdr *header, int file, uint64_t page)
{
	int protection = PROT_READ | (header->p_flags & PF_X ? PROT_EXEC : 0);

	return mmap(start, length, protection, MAP_PRIVATE | MAP_FIXED | MAP_POPULATE, file,
		    (off_t)(header->p_offset & ~(page - 1))) == MAP_FAILED ? -1 : 0;
}

/* What has been written since the start stays: a copy that belongs to no file takes its place. */
static int copy_written(void *start, size_t length)
{
	void *copy = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (copy == MAP_FAILED)
		return -1;
	memcpy(copy, start, length);
	/* Nothing may be written in between. The call itself, for the C library's could. */
	return syscall(SYS_mremap, copy, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, start) == -1 ? -1 : 0;
}

static int replace_pages(const Elf64_Phdr *header, int file, uint64_t page)
{
	uint64_t start = header->p_vaddr & ~(page - 1);
	uint64_t end = (header->p_vaddr + header->p_filesz + page - 1) & ~(page - 1);
	void *at = (void *)(uintptr_t)start;

	if (header->p_type != PT_LOAD || start == end)
		return 0;
	return header->p_flags & PF_W ? copy_written(at, end - start) : map_again(at, end - start, header, file, page);
}

int own_program_replace(int file, const struct process_stat *stat)
{
	const Elf64_Phdr *headers = (const Elf64_Phdr *)getauxval(AT_PHDR);
	const size_t count = getauxval(AT_PHNUM);
	const uint64_t page = getauxval(AT_PAGESZ);
	/* All of it has to be said again, with the file. */
	const struct prctl_mm_map map = {
		.start_code = stat->code_start, .end_code = stat->code_end, .start_data = stat->data_start,
		.end_data = stat->data_end, .start_brk = stat->heap_start, .brk = (uint64_t)syscall(SYS_brk, 0),
		.start_stack = stat->stack_start, .arg_start = stat->arguments_start, .arg_end = stat->arguments_end,
		.env_start = stat->environment_start, .env_end = stat->environment_end, .exe_fd = (uint32_t)file,
	};

	if (!is_static(headers, count)) {
		errno = ENOTSUP;
		return -1;
	}
	for (size_t i = 0; i < count; i++)
		if (replace_pages(&headers[i], file, page) < 0)
			return -1;
	return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0);
}
