/* SPDX-License-Identifier: Apache-2.0 */
#include "init/identity.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "init/init.h"

#define MACHINE_ID "/etc/machine-id"
#define STATE_ID STATE_DIRECTORY "/machine-id"

typedef char machine_id[MACHINE_ID_LENGTH + 1];

bool identity_from_uuid(const char *text, char id[MACHINE_ID_LENGTH + 1])
{
	size_t n = 0;

	for (; *text && *text != '\n'; text++) {
		if (*text == '-')
			continue;
		if (!isxdigit((unsigned char)*text) || n == MACHINE_ID_LENGTH)
			return false;
		id[n++] = (char)tolower((unsigned char)*text);
	}
	id[n] = '\0';
	return n == MACHINE_ID_LENGTH && strspn(id, "0") != n && strspn(id, "f") != n;
}

static bool read_id(const char *path, machine_id id)
{
	autoclose int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char text[64] = "";

	return fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && identity_from_uuid(text, id);
}

/* RFC 4122, version 4, as systemd makes them. */
static int make_id(machine_id id, struct error *err)
{
	unsigned char bytes[MACHINE_ID_LENGTH / 2];

	if (getrandom(bytes, sizeof(bytes), GRND_NONBLOCK) != sizeof(bytes) &&
	    getrandom(bytes, sizeof(bytes), GRND_INSECURE) != sizeof(bytes))
		return error_errno(err, "cannot get random numbers");
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)snprintf(id + i * 2, 3, "%02x", bytes[i]);
	return 0;
}

static int write_id(const char *path, const machine_id id, struct error *err)
{
	char line[MACHINE_ID_LENGTH + 2];
	int n = snprintf(line, sizeof(line), "%s\n", id);

	return file_write_atomic(AT_FDCWD, path, line, (size_t)n, 0444, err);
}

int identity_set(void *context, struct error *err)
{
	static const char *const places[] = { "/sys/class/dmi/id/product_uuid", "/sys/hypervisor/uuid" };
	const struct machine *machine = context;
	const char *stated = machine->plan.machine.machine_id;
	bool found = stated && strlen(stated) == MACHINE_ID_LENGTH, kept = !machine->has_state;
	struct error unkept;
	machine_id id;

	if (!stated && read_id(MACHINE_ID, id))
		return 0;
	if (found)
		memcpy(id, stated, sizeof(id));
	if (!found && machine->has_state)
		found = kept = read_id(STATE_ID, id);
	for (size_t i = 0; !found && i < ARRAY_SIZE(places); i++)
		found = read_id(places[i], id);
	if (!found && make_id(id, err) < 0)
		return -1;
	/* Once there, it stays, even where the hypervisor changes its mind. */
	if (!kept && !stated && write_id(STATE_ID, id, &unkept) < 0)
		log_warning("machine id: it is not kept: %s", unkept.message);
	return write_id(MACHINE_ID, id, err);
}
