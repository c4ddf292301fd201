/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/root/kernel_text.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdint.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "tools/mkimage/compile/kernel_config.h"

#define KERNEL_BYTES_MAX (256u << 20)
#define CHUNK 65536
#define START "IKCFG_ST"		/* kernel/configs.c: gzip between these two */
#define END "IKCFG_ED"

/* The compressed bytes as they were; whatever libarchive knows, which is whatever a kernel can be compressed by. */
static int unpack(const void *data, size_t length, size_t max, struct buffer *out, struct error *err)
{
	struct archive *ar = archive_read_new();
	struct archive_entry *entry;
	char chunk[CHUNK];
	la_ssize_t n = -1;

	if (!ar)
		arena_out_of_memory();
	archive_read_support_filter_all(ar);
	archive_read_support_format_raw(ar);
	if (archive_read_open_memory(ar, data, length) == ARCHIVE_OK && archive_read_next_header(ar, &entry) == ARCHIVE_OK)
		while ((n = archive_read_data(ar, chunk, sizeof(chunk))) > 0 && out->length + (size_t)n <= max)
			buffer_add(out, chunk, (size_t)n);
	/* A kernel has its length behind what was compressed, which is an error to some filters: what came before counts. */
	if (n > 0)
		error_set(err, "it unpacks to more than %zu MiB", max >> 20);
	else if (out->length == 0)
		error_set(err, "cannot unpack it: %s", archive_error_string(ar) ? archive_error_string(ar) : "it is empty");
	archive_read_free(ar);
	return n > 0 || out->length == 0 ? -1 : 0;
}

static int take_text(const void *data, size_t length, struct arena *arena, const char **text, struct error *err)
{
	const char *copy;

	if (length > KERNEL_CONFIG_BYTES_MAX || memchr(data, '\0', length))
		return error_set(err, "neither the text of a kernel's configuration nor a kernel that has it inside (CONFIG_IKCONFIG)");
	copy = arena_strndup(arena, data, length);
	if (!kernel_config_plausible(copy))
		return error_set(err, "no line begins with 'CONFIG_': this is not the configuration of a kernel");
	*text = copy;
	return 0;
}

static int unpack_text(const void *data, size_t length, struct arena *arena, const char **text, struct error *err)
{
	autobuffer struct buffer unpacked = { 0 };

	if (unpack(data, length, KERNEL_CONFIG_BYTES_MAX, &unpacked, err) < 0)
		return -1;
	return take_text(unpacked.data, unpacked.length, arena, text, err);
}

static int take_embedded(const char *data, size_t length, struct arena *arena, const char **text, struct error *err)
{
	const char *start = memmem(data, length, START, strlen(START)), *end;

	if (!start)
		return error_set(err, "the kernel does not have its configuration inside: it was built without CONFIG_IKCONFIG");
	start += strlen(START);
	end = memmem(start, (size_t)(data + length - start), END, strlen(END));
	if (!end)
		return error_set(err, "the kernel is cut off in the middle of its configuration");
	return unpack_text(start, (size_t)(end - start), arena, text, err);
}

/* Documentation/arch/x86/boot.rst: the setup header of a bzImage. */
#define SETUP_SECTORS 0x1f1
#define SETUP_MAGIC 0x202
#define SETUP_VERSION 0x206
#define SETUP_PAYLOAD_OFFSET 0x248
#define SETUP_PAYLOAD_LENGTH 0x24c
#define SETUP_END 0x250
#define VERSION_WITH_PAYLOAD 0x0208
#define SECTOR 512u

static uint32_t number_at(const unsigned char *at, unsigned int bytes)
{
	uint32_t n = 0;

	while (bytes-- > 0)
		n = n << 8 | at[bytes];
	return n;
}

static bool is_bzimage(const unsigned char *data, size_t length)
{
	return length >= SETUP_END && memcmp(data + SETUP_MAGIC, "HdrS", 4) == 0 &&
	       number_at(data + SETUP_VERSION, 2) >= VERSION_WITH_PAYLOAD;
}

static int take_bzimage(const unsigned char *data, size_t length, struct arena *arena, const char **text, struct error *err)
{
	uint32_t sectors = data[SETUP_SECTORS] ? data[SETUP_SECTORS] : 4;
	uint64_t offset = (uint64_t)(sectors + 1) * SECTOR + number_at(data + SETUP_PAYLOAD_OFFSET, 4);
	uint64_t size = number_at(data + SETUP_PAYLOAD_LENGTH, 4);
	autobuffer struct buffer kernel = { 0 };

	if (offset > length || size > length - offset)
		return error_set(err, "the kernel is cut off: it ends before its compressed part does");
	if (unpack(data + offset, (size_t)size, KERNEL_BYTES_MAX, &kernel, err) < 0)
		return -1;
	return take_embedded(kernel.data, kernel.length, arena, text, err);
}

int kernel_text_read(const void *data, size_t length, const char *name, struct arena *arena, const char **text, struct error *err)
{
	const unsigned char *bytes = data;
	int r;

	if (is_bzimage(bytes, length))
		r = take_bzimage(bytes, length, arena, text, err);
	else if (length >= 4 && memcmp(bytes, "\177ELF", 4) == 0)
		r = take_embedded(data, length, arena, text, err);
	else if (length >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
		r = unpack_text(data, length, arena, text, err);
	else
		r = take_text(data, length, arena, text, err);
	return r < 0 ? error_context(err, "'%s'", name) : 0;
}
