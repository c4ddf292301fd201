/* SPDX-License-Identifier: Apache-2.0 */
#include "init/verity.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"

#define CMDLINE_BYTES_MAX 4096
#define CONTROL_PATH "/dev/mapper/control"
#define KEY "dm-mod.create=\""
#define TARGET " verity "
#define FIELDS 5			/* name, uuid, minor, flags, table */

const char *verity_find_word(const char *cmdline, size_t *length)
{
	bool quoted = false, start = true;

	for (const char *at = cmdline; *at; at++) {
		const char *end;

		if (start && strncmp(at, KEY, strlen(KEY)) == 0) {
			end = strchr(at + strlen(KEY), '"');
			if (!end)
				return NULL;
			*length = (size_t)(end + 1 - at);
			return at;
		}
		if (*at == '"')
			quoted = !quoted;
		start = !quoted && (*at == ' ' || *at == '\n');
	}
	return NULL;
}

/* `0 SECTORS verity PARAMETERS` */
static int parse_target(char *text, struct verity_table *table, struct error *err)
{
	char *end;

	if (strncmp(text, "0 ", 2) != 0 || text[2] < '0' || text[2] > '9')
		return error_set(err, "'dm-mod.create=': the table does not begin with '0 SECTORS'");
	errno = 0;
	table->sectors = strtoull(text + 2, &end, 10);
	if (errno || table->sectors == 0 || strncmp(end, TARGET, strlen(TARGET)) != 0)
		return error_set(err, "'dm-mod.create=': the target is not 'verity'");
	if (snprintf(table->parameters, sizeof(table->parameters), "%s", end + strlen(TARGET)) >= (int)sizeof(table->parameters))
		return error_set(err, "'dm-mod.create=': the parameters are too long");
	return 0;
}

int verity_parse(const char *cmdline, struct verity_table *table, struct error *err)
{
	size_t length, count = 0;
	const char *word = verity_find_word(cmdline, &length);
	char text[VERITY_PARAMETERS_MAX + VERITY_NAME_MAX], *fields[FIELDS], *rest = text;
	bool alone;

	if (!word)
		return error_set(err, "the root has hashes, and the kernel's command line no 'dm-mod.create=' that says which");
	length -= strlen(KEY) + 1;
	if (length >= sizeof(text))
		return error_set(err, "'dm-mod.create=' is too long");
	memcpy(text, word + strlen(KEY), length);
	text[length] = '\0';
	alone = !strchr(text, ';');
	while (count < FIELDS && rest)
		fields[count++] = strsep(&rest, ",");
	if (!alone || count < FIELDS || rest)
		return error_set(err, "'dm-mod.create=': expected one device of one target, 'NAME,,,ro,TABLE'");
	if (strcmp(fields[3], "ro") != 0)
		return error_set(err, "'dm-mod.create=': the root is not read-only there");
	if (!*fields[0] || snprintf(table->name, sizeof(table->name), "%s", fields[0]) >= (int)sizeof(table->name))
		return error_set(err, "'dm-mod.create=': a device without a name, or with one that is too long");
	return parse_target(fields[4], table, err);
}

/* A request and what belongs to it; the kernel wants them in one piece. */
struct request {
	struct dm_ioctl head;
	struct dm_target_spec target;
	char parameters[VERITY_PARAMETERS_MAX];
};

static int request(int control, int number, struct request *r, const char *name, unsigned int flags)
{
	r->head.version[0] = DM_VERSION_MAJOR;
	r->head.data_size = sizeof(*r);
	r->head.data_start = offsetof(struct request, target);
	r->head.flags = flags;
	(void)snprintf(r->head.name, sizeof(r->head.name), "%s", name);
	return ioctl(control, number, r);
}

static int load_table(int control, const struct verity_table *table, struct error *err)
{
	struct request r = { .head.target_count = 1, .target = { .length = table->sectors, .target_type = "verity" } };

	memcpy(r.parameters, table->parameters, sizeof(r.parameters));
	if (request(control, DM_TABLE_LOAD, &r, table->name, DM_READONLY_FLAG) < 0)
		return error_errno(err, "the kernel does not take the hashes of the root");
	r = (struct request){ 0 };
	if (request(control, DM_DEV_SUSPEND, &r, table->name, 0) < 0) /* without the flag: the opposite */
		return error_errno(err, "cannot start the device with the hashes of the root");
	return 0;
}

static int make_device(const struct verity_table *table, dev_t *number, struct error *err)
{
	autoclose int control = open(CONTROL_PATH, O_RDWR | O_CLOEXEC);
	struct request r = { 0 };
	bool made;

	if (control < 0)
		return error_errno(err, "cannot open '" CONTROL_PATH "' (is the module 'dm_mod' in the image?)");
	made = request(control, DM_DEV_CREATE, &r, table->name, 0) == 0;
	if (!made && errno != EBUSY)
		return error_errno(err, "cannot make the device with the hashes of the root");
	/* Made by the kernel, from the same word. */
	if (!made && request(control, DM_DEV_STATUS, &r, table->name, 0) < 0)
		return error_errno(err, "cannot find the device with the hashes of the root");
	*number = (dev_t)r.head.dev;
	if (!made || load_table(control, table, err) == 0)
		return 0;
	(void)request(control, DM_DEV_REMOVE, &(struct request){ 0 }, table->name, 0);
	return -1;
}

int verity_open(char path[VERITY_DEVICE_MAX], struct error *err)
{
	autobuffer struct buffer cmdline = { 0 };
	struct verity_table table;
	dev_t number;

	if (file_read(AT_FDCWD, "/proc/cmdline", CMDLINE_BYTES_MAX, &cmdline, err) < 0 ||
	    verity_parse(buffer_string(&cmdline), &table, err) < 0 || make_device(&table, &number, err) < 0)
		return -1;
	(void)snprintf(path, VERITY_DEVICE_MAX, "/dev/dm-%u", minor(number));
	return 0;
}
