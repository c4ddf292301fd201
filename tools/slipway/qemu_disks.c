/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"

#define DISK_BYTES_MAX   (64ull << 40)
#define QEMU_IMG         "qemu-img"
#define QEMU_IMG_PACKAGE "qemu-utils"

static const char qcow_magic[4] = { 'Q', 'F', 'I', '\xfb' }; /* docs/interop/qcow2.txt, "Header" */

static int size_parse(const char *text, uint64_t *size, struct error *err)
{
	static const char units[] = "KMGT";
	unsigned int shift = 0;
	unsigned long long n;
	const char *unit;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || errno)
		return error_set(err, "the size '%s' is not a number with K, M, G or T behind it", text);
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		shift = 10 * (unsigned int)(unit - units + 1);
		end++;
	}
	if (*end)
		return error_set(err, "the size '%s' is not a number with K, M, G or T behind it", text);
	if (n == 0 || n > DISK_BYTES_MAX >> shift)
		return error_set(err, "the size '%s' is not between 1 byte and 64T", text);
	*size = n << shift;
	return 0;
}

static int format_parse(const char *text, const char **format, struct error *err)
{
	static const char *const formats[] = { "raw", "qcow2" };

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (strcmp(formats[i], text) == 0) {
			*format = formats[i];
			return 0;
		}
	}
	return error_set(err, "the format '%s' is neither 'raw' nor 'qcow2'", text);
}

static int field_parse(const char *field, struct qemu_disk *disk, struct error *err)
{
	if (strncmp(field, "size=", 5) == 0)
		return size_parse(field + 5, &disk->size, err);
	if (strncmp(field, "format=", 7) == 0)
		return format_parse(field + 7, &disk->format, err);
	return error_set(err, "unknown field '%s'; the fields are 'size=' and 'format='", field);
}

int qemu_disk_parse(const char *text, struct arena *arena, struct qemu_disk *disk, struct error *err)
{
	char *rest = arena_strdup(arena, text);
	struct qemu_disk parsed = { .path = strsep(&rest, ",") };

	if (!*parsed.path)
		return error_set(err, "--disk '%s': the file is missing", text);
	while (rest)
		if (field_parse(strsep(&rest, ","), &parsed, err) < 0)
			return error_context(err, "--disk '%s'", text);
	*disk = parsed;
	return 0;
}

/*
 * A raw disk holds whatever the guest wrote, so QEMU must never guess its format: a guest that writes a qcow2
 * header could name any file of the host as its backing file. A real qcow2 file given without its format is
 * most likely a slip, and would be destroyed.
 */
static int check_existing(const struct qemu_disk *disk, struct error *err)
{
	autoclose int fd = open(disk->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char head[sizeof(qcow_magic)];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "cannot open the disk '%s'", disk->path);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return error_set(err, "the disk '%s' is neither a file nor a block device", disk->path);
	if (!disk->format && pread(fd, head, sizeof(head), 0) == sizeof(head) &&
	    memcmp(head, qcow_magic, sizeof(head)) == 0)
		return error_set(
			err,
			"the disk '%s' looks like qcow2; add ',format=qcow2', or ',format=raw' if it "
			"really is raw",
			disk->path);
	return 0;
}

static int create_raw(const struct qemu_disk *disk, struct error *err)
{
	autoclose int fd = open(disk->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0)
		return error_errno(err, "cannot create the disk '%s'", disk->path);
	if (ftruncate(fd, (off_t)disk->size) == 0)
		return 0;
	error_errno(err, "cannot create the disk '%s'", disk->path);
	(void)unlink(disk->path);
	return -1;
}

static int create_qcow2(const struct qemu_disk *disk, struct error *err)
{
	char size[32];
	/* "./" keeps a name with a colon from being taken for a protocol. */
	autofree char *path = NULL;
	char *argv[] = { (char *)QEMU_IMG,
			 (char *)"create",
			 (char *)"-q",
			 (char *)"-f",
			 (char *)"qcow2",
			 NULL,
			 size,
			 NULL };
	int r, status;
	pid_t pid;

	if (asprintf(&path, "%s%s", *disk->path == '/' ? "" : "./", disk->path) < 0)
		arena_out_of_memory();
	argv[5] = path;
	(void)snprintf(size, sizeof(size), "%llu", (unsigned long long)disk->size);
	r = posix_spawnp(&pid, QEMU_IMG, NULL, NULL, argv, environ);
	if (r == ENOENT)
		return error_set(
			err,
			"'" QEMU_IMG
			"' is not there to create the disk '%s'; install the package '" QEMU_IMG_PACKAGE "'",
			disk->path);
	if (r != 0)
		return error_number(err, r, "cannot run '" QEMU_IMG "'");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	(void)unlink(disk->path);
	return error_set(err, "'" QEMU_IMG "' could not create the disk '%s'", disk->path);
}

int qemu_disk_prepare(const struct qemu_disk *disk, struct error *err)
{
	struct stat st;

	if (stat(disk->path, &st) == 0)
		return check_existing(disk, err);
	if (errno != ENOENT)
		return error_errno(err, "cannot open the disk '%s'", disk->path);
	if (disk->size == 0)
		return error_set(err, "the disk '%s' is not there; add ',size=1G' to create it", disk->path);
	return (disk->format && strcmp(disk->format, "qcow2") == 0 ? create_qcow2 : create_raw)(disk, err);
}
