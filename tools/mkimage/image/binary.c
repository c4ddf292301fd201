/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/image/binary.h"

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

/* Where a file has bytes that say what it is for. */
static const struct mark {
	size_t at;
	const char *bytes;
	size_t length;
	const char *name;
} marks[] = {
	/* Documentation/arch/x86/boot.rst: the setup header of a bzImage. */
	{ 0x202, "HdrS", 4, "amd64" },
	/* Documentation/arch/arm64/booting.rst: the header of an Image. */
	{ 56, "ARM\x64", 4, "arm64" },
};

static const struct {
	uint16_t machine;
	const char *name;
} elf_machines[] = { { EM_X86_64, "amd64" }, { EM_AARCH64, "arm64" } };

/* The kernel as a program of EFI that unpacks itself: drivers/firmware/efi/libstub/zboot-header.S. */
#define ZBOOT_AT 4
#define ZBOOT "zimg"

static const struct architecture *find(const char *name)
{
	const struct architecture *a;

	for (unsigned int i = 0; (a = architecture_at(i)); i++)
		if (strcmp(a->name, name) == 0)
			return a;
	return NULL;
}

static const struct architecture *of_elf(const void *data, size_t length)
{
	Elf64_Ehdr header;

	if (length < sizeof(header))
		return NULL;
	memcpy(&header, data, sizeof(header));
	for (size_t i = 0; header.e_ident[EI_CLASS] == ELFCLASS64 && i < ARRAY_SIZE(elf_machines); i++)
		if (header.e_machine == elf_machines[i].machine)
			return find(elf_machines[i].name);
	return NULL;
}

static const struct architecture *of_plain(const void *data, size_t length)
{
	if (length >= SELFMAG && memcmp(data, ELFMAG, SELFMAG) == 0)
		return of_elf(data, length);
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (length >= marks[i].at + marks[i].length &&
		    memcmp((const char *)data + marks[i].at, marks[i].bytes, marks[i].length) == 0)
			return find(marks[i].name);
	return NULL;
}

/* The first bytes of what is below gzip; its end may be missing. */
static const struct architecture *of_gzip(const void *data, size_t length)
{
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	char head[1024];
	la_ssize_t n = -1;

	if (archive && archive_read_support_filter_gzip(archive) == ARCHIVE_OK &&
	    archive_read_support_format_raw(archive) == ARCHIVE_OK &&
	    archive_read_open_memory(archive, data, length) == ARCHIVE_OK && archive_read_next_header(archive, &entry) == ARCHIVE_OK)
		n = archive_read_data(archive, head, sizeof(head));
	archive_read_free(archive);
	return n > 0 ? of_plain(head, (size_t)n) : NULL;
}

const struct architecture *binary_architecture(const void *data, size_t length)
{
	if (length >= 2 && memcmp(data, "\x1f\x8b", 2) == 0)
		return of_gzip(data, length < BINARY_HEAD_BYTES ? length : BINARY_HEAD_BYTES);
	return of_plain(data, length);
}

static int refuse_other(const struct architecture *is, const struct architecture *wanted, struct error *err)
{
	return !is || is == wanted ? 0 : error_set(err, "it is for '%s', and the machine is to be '%s'", is->name, wanted->name);
}

int binary_check_kernel(const void *data, size_t length, const struct architecture *wanted, struct error *err)
{
	if (length >= ZBOOT_AT + strlen(ZBOOT) && memcmp((const char *)data + ZBOOT_AT, ZBOOT, strlen(ZBOOT)) == 0)
		return error_set(err, "it is a program of EFI that unpacks itself (zimg), and is started without EFI here; "
				 "take an Image or Image.gz");
	return refuse_other(binary_architecture(data, length), wanted, err);
}

int binary_check_program(const char *path, const struct architecture *wanted, struct error *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr header;

	/* What is not there, or no program at all, is told by who needs it. */
	if (fd < 0 || file_read_at(fd, 0, &header, sizeof(header)) < 0)
		return 0;
	return refuse_other(binary_architecture(&header, sizeof(header)), wanted, err) < 0 ? error_context(err, "'%s'", path) : 0;
}
