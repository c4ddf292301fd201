/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/linux/namespaces.h"
#include "runtime/linux/syscalls.h"

/* Whose namespace a parameter belongs to. A name that ends in a dot stands for all below it. */
static const struct {
	const char *name;
	unsigned int namespace;
} rows[] = {
	{ "net.", CLONE_NEWNET },	       { "fs.mqueue.", CLONE_NEWIPC },
	{ "kernel.msgmax", CLONE_NEWIPC },     { "kernel.msgmnb", CLONE_NEWIPC },
	{ "kernel.msgmni", CLONE_NEWIPC },     { "kernel.sem", CLONE_NEWIPC },
	{ "kernel.shmall", CLONE_NEWIPC },     { "kernel.shmmax", CLONE_NEWIPC },
	{ "kernel.shmmni", CLONE_NEWIPC },     { "kernel.shm_rmid_forced", CLONE_NEWIPC },
	{ "kernel.domainname", CLONE_NEWUTS }, { "user.", CLONE_NEWUSER },
};

/* "net/ipv4/ip_forward" and "net.ipv4.ip_forward" are the same; with slashes, dots are of the name. */
static char *dotted(struct arena *arena, const char *key)
{
	char *copy = arena_strdup(arena, key);
	size_t first = strcspn(copy, "./");

	if (copy[first] == '/')
		for (char *p = copy; *p; p++)
			*p = *p == '/' ? '.' : *p == '.' ? '/' : *p;
	return copy;
}

static bool matches(const char *row, const char *key)
{
	size_t n = strlen(row);

	return row[n - 1] == '.' ? strncmp(row, key, n) == 0 : strcmp(row, key) == 0;
}

static int check_one(const char *key, unsigned int own, struct error *err)
{
	if (strcmp(key, "kernel.hostname") == 0)
		return error_set(err, "sysctl \"%s\" is not allowed as it conflicts with the OCI \"hostname\" field", key);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!matches(rows[i].name, key))
			continue;
		if (own & rows[i].namespace)
			return 0;
		return error_set(err, "sysctl \"%s\" is not allowed in the host's %s namespace", key,
				 namespace_name(rows[i].namespace));
	}
	return error_set(err, "sysctl \"%s\" is not in a separate kernel namespace", key);
}

int sysctl_check(const struct oci_pairs *sysctl, unsigned int own_namespaces, struct error *err)
{
	struct arena arena = { 0 };
	int r = 0;

	for (size_t i = 0; i < sysctl->count && r == 0; i++)
		r = check_one(dotted(&arena, sysctl->items[i].key), own_namespaces, err);
	arena_release(&arena);
	return r;
}

static int write_one(int proc_sys, struct arena *arena, const struct oci_pair *pair, struct error *err)
{
	char *path = dotted(arena, pair->key);
	autoclose int fd = -1;
	size_t length = strlen(pair->value);

	for (char *p = path; *p; p++)
		*p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
	fd = path_open_in_root(proc_sys, path, O_WRONLY, 0, err);
	if (fd < 0)
		return error_context(err, "sysctl '%s'", pair->key);
	if (write(fd, pair->value, length) != (ssize_t)length)
		return error_errno(err, "sysctl '%s': cannot write '%s'", pair->key, pair->value);
	return 0;
}

int sysctl_apply(const struct oci_pairs *sysctl, struct error *err)
{
	struct arena arena = { 0 };
	autoclose int proc_sys = -1;
	int r = 0;

	if (sysctl->count == 0)
		return 0;
	proc_sys = openat(AT_FDCWD, "/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc_sys < 0)
		return error_errno(err, "cannot open '/proc/sys'");
	for (size_t i = 0; i < sysctl->count && r == 0; i++)
		r = write_one(proc_sys, &arena, &sysctl->items[i], err);
	arena_release(&arena);
	return r;
}
