/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/exec_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"

#define OWN_CGROUP_BYTES_MAX 65536

/* One that would lead out is refused, not bent to stay inside: the caller means another than it would get. */
static int move_below(struct cgroup_hierarchy *h, const char *below, struct arena *arena, struct error *err)
{
	for (const char *p = below; *p; p += strcspn(p, "/"), p += *p == '/')
		if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || !p[2]))
			return error_set(err, "%s is not a sub cgroup path", below);
	h->directory = path_join(arena, h->directory, path_clean(arena, below));
	return 0;
}

/* "cpu,memory:PATH". Two controllers may share a hierarchy: it moves once. */
static int choose_hierarchies(const char *text, const char *colon, struct arena *arena, struct cgroup *cgroup,
			      struct error *err)
{
	char *names = arena_strndup(arena, text, (size_t)(colon - text)), *name;
	bool moved[CGROUP_HIERARCHIES_MAX] = { false };

	while ((name = strsep(&names, ","))) {
		const struct cgroup_hierarchy *h = cgroup->unified ? NULL : cgroup_find(cgroup, name);

		if (!h)
			return error_set(err, "unknown controller %s in '--cgroup %s'", name, text);
		if (!moved[h - cgroup->items] && move_below(&cgroup->items[h - cgroup->items], colon + 1, arena, err) < 0)
			return -1;
		moved[h - cgroup->items] = true;
	}
	return 0;
}

int exec_cgroup_choose(const struct oci_strings *wanted, struct arena *arena, struct cgroup *cgroup, struct error *err)
{
	for (size_t i = 0; i < wanted->count; i++) {
		const char *text = wanted->items[i], *colon = strchr(text, ':');

		if (!colon && wanted->count > 1)
			return error_set(err, "invalid --cgroup argument: %s (missing <controller>: prefix)", text);
		if (colon && choose_hierarchies(text, colon, arena, cgroup, err) < 0)
			return -1;
		for (size_t k = 0; !colon && k < cgroup->count; k++)
			if (move_below(&cgroup->items[k], text, arena, err) < 0)
				return -1;
	}
	return 0;
}

/* In runc's words, which callers look for. */
int exec_cgroup_error(const struct cgroup_hierarchy *h, pid_t pid, int number, struct error *err)
{
	const char *words = number == ENOENT ? "no such file or directory" :
			    number == EBUSY  ? "device or resource busy" :
					       strerror(number);

	(void)error_set(err, "error adding pid %d to cgroups: open %s/cgroup.procs: %s", (int)pid, h->directory, words);
	err->number = number;
	return -1;
}

int exec_cgroup_attach(const struct cgroup *cgroup, pid_t pid, struct error *err)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	for (size_t i = 0; i < cgroup->count; i++)
		if (cgroup_write(&cgroup->items[i], "cgroup.procs", text, err) < 0)
			return exec_cgroup_error(&cgroup->items[i], pid, err->number, err);
	return 0;
}

int exec_cgroup_of(pid_t first, struct arena *arena)
{
	autobuffer struct buffer text = { 0 };
	struct error ignored;
	const char *at;

	if (file_read(AT_FDCWD, arena_printf(arena, "/proc/%d/cgroup", (int)first), OWN_CGROUP_BYTES_MAX, &text, &ignored) < 0)
		return -1;
	at = strstr(buffer_string(&text), "0::/");
	if (!at)
		return -1;
	at += strlen("0::");
	return openat(AT_FDCWD, arena_printf(arena, "/sys/fs/cgroup%.*s", (int)strcspn(at, "\n"), at),
		      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}
