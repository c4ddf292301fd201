/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "runtime/linux/syscalls.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define CGROUP_FILE_MAX (1u << 20)
#define CGROUP_DEPTH_MAX 32
#define DELETE_WAIT_MS 10000		/* how long the last processes may take to be gone after SIGKILL */

/* Where the hierarchy of these controllers is mounted, or NULL. systemd and cgroupfs-mount agree on the names. */
static const char *find_mount(const char *controllers, struct arena *arena)
{
	const char *name = *controllers == '\0' ? "unified" : controllers;
	const char *equals = strchr(name, '=');
	char *path = arena_printf(arena, "%s/%s", CGROUP_ROOT, equals ? equals + 1 : name);
	struct statfs st;

	if (statfs(path, &st) == 0 && (st.f_type == CGROUP_SUPER_MAGIC || st.f_type == CGROUP2_SUPER_MAGIC))
		return path;
	return NULL;
}

/*
 * What a relative path is relative to. In version 2 a cgroup that has processes, such as this one's, cannot have
 * children with limits of their own: containers go beside it.
 */
static const char *base_of(const char *own, bool unified, struct arena *arena)
{
	const char *last = strrchr(own, '/');

	return unified && last && last != own ? arena_strndup(arena, own, (size_t)(last - own)) : unified ? "/" : own;
}

/* The path below the mount for a container that asks for `cgroups_path`, relative to `base`. */
static const char *place(const char *cgroups_path, const char *id, const char *base, struct arena *arena)
{
	if (cgroups_path && *cgroups_path == '/')
		return arena_printf(arena, "/%s", path_clean(arena, cgroups_path));
	return arena_printf(arena, "/%s", path_clean(arena, path_join(arena, base,
								       cgroups_path && *cgroups_path ?
								       path_clean(arena, cgroups_path) : id)));
}

static void add(struct cgroup *cgroup, const char *controllers, const char *mount, const char *path,
		struct arena *arena)
{
	cgroup->items[cgroup->count++] = (struct cgroup_hierarchy){
		.controllers = controllers,
		.mount = mount,
		.path = path,
		.directory = arena_printf(arena, "%s%s", mount, strcmp(path, "/") == 0 ? "" : path),
	};
}

/* One line of /proc/self/cgroup: "4:memory:/user.slice". */
static int locate_line(char *line, const char *cgroups_path, const char *id, bool own_only, struct arena *arena,
		       struct cgroup *cgroup, struct error *err)
{
	char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
	const char *mount;

	if (!path)
		return error_set(err, "cannot read '/proc/self/cgroup': unexpected line '%s'", line);
	*controllers++ = '\0';
	*path++ = '\0';
	if (cgroup->unified && *controllers != '\0')
		return 0;
	mount = cgroup->unified ? CGROUP_ROOT : find_mount(controllers, arena);
	/* The top of a hierarchy is the machine's: whoever is in there has no cgroup of its own. */
	if (!mount || (own_only && strcmp(path, "/") == 0))
		return 0;
	if (cgroup->count == CGROUP_HIERARCHIES_MAX)
		return error_set(err, "more than %d cgroup hierarchies", CGROUP_HIERARCHIES_MAX);
	add(cgroup, arena_strdup(arena, controllers), mount,
	    own_only ? arena_strdup(arena, path) :
		       place(cgroups_path, id, base_of(path, cgroup->unified, arena), arena),
	    arena);
	return 0;
}

/* True where all of the file fits. */
static bool read_short(const char *path, char *out, size_t size)
{
	autoclose int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, size - 1);

	out[n < 0 ? 0 : n] = '\0';
	/* One read gives all of it that fits. */
	return n >= 0 && (size_t)n < size / 2;
}

static int locate(const char *cgroups_path, const char *id, bool own_only, struct arena *arena,
		  struct cgroup *cgroup, struct error *err)
{
	autobuffer struct buffer long_text = { 0 };
	char short_text[4096], *text = short_text;
	struct statfs st;

	*cgroup = (struct cgroup){ 0 };
	if (statfs(CGROUP_ROOT, &st) < 0)
		return error_errno(err, "cannot find the cgroups at '%s'", CGROUP_ROOT);
	cgroup->unified = st.f_type == CGROUP2_SUPER_MAGIC;
	/* An absolute path needs no look at where we are, and version 2 no look at the hierarchies. */
	if (cgroup->unified && !own_only && cgroups_path && *cgroups_path == '/') {
		add(cgroup, "", CGROUP_ROOT, place(cgroups_path, id, "/", arena), arena);
		return 0;
	}
	/* Mostly it is short, and asks for no memory. */
	if (!read_short("/proc/self/cgroup", short_text, sizeof(short_text))) {
		if (file_read(AT_FDCWD, "/proc/self/cgroup", CGROUP_FILE_MAX, &long_text, err) < 0)
			return -1;
		text = long_text.data;
	}
	for (char *line = text, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (locate_line(line, cgroups_path, id, own_only, arena, cgroup, err) < 0)
			return -1;
	}
	return 0;
}

int cgroup_locate(const char *cgroups_path, const char *id, struct arena *arena, struct cgroup *cgroup,
		  struct error *err)
{
	return locate(cgroups_path, id, false, arena, cgroup, err);
}

int cgroup_locate_own(struct arena *arena, struct cgroup *cgroup, struct error *err)
{
	return locate(NULL, "", true, arena, cgroup, err);
}

int cgroup_open_directory(const struct cgroup_hierarchy *hierarchy, struct error *err)
{
	int fd = openat(AT_FDCWD, hierarchy->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? error_errno(err, "cannot open the cgroup '%s'", hierarchy->directory) : fd;
}

bool cgroup_has_controller(const struct cgroup_hierarchy *hierarchy, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = hierarchy->controllers; *p; p += strcspn(p, ","), p += *p == ',')
		if (strcspn(p, ",") == n && strncmp(p, name, n) == 0)
			return true;
	return false;
}

const struct cgroup_hierarchy *cgroup_find(const struct cgroup *cgroup, const char *controller)
{
	for (size_t i = 0; i < cgroup->count; i++) {
		const struct cgroup_hierarchy *h = &cgroup->items[i];

		if (cgroup->unified || (*controller ? cgroup_has_controller(h, controller) : !*h->controllers))
			return h;
	}
	return NULL;
}

static void file_path(const struct cgroup_hierarchy *h, const char *file, char path[PATH_MAX])
{
	(void)snprintf(path, PATH_MAX, "%s/%s", h->directory, file);
}

int cgroup_write(const struct cgroup_hierarchy *hierarchy, const char *file, const char *value, struct error *err)
{
	char path[PATH_MAX];
	autoclose int fd = -1;
	ssize_t length = (ssize_t)strlen(value);

	file_path(hierarchy, file, path);
	fd = openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "cannot open '%s'", path);
	if (write(fd, value, (size_t)length) != length)
		return error_errno(err, "cannot write '%s' to '%s'", value, path);
	return 0;
}

int cgroup_read(const struct cgroup_hierarchy *hierarchy, const char *file, struct buffer *out, struct error *err)
{
	char path[PATH_MAX];

	file_path(hierarchy, file, path);
	if (file_read(AT_FDCWD, path, CGROUP_FILE_MAX, out, err) < 0)
		return -1;
	while (out->length > 0 && out->data[out->length - 1] == '\n')
		out->data[--out->length] = '\0';
	return 0;
}

static int delete_one(const struct cgroup_hierarchy *h, struct error *err);

void cgroup_undo(struct cgroup *cgroup)
{
	struct error ignored;

	for (size_t i = 0; i < cgroup->count; i++)
		if (cgroup->items[i].made)
			(void)delete_one(&cgroup->items[i], &ignored);
}

int cgroup_attach(const struct cgroup *cgroup, pid_t pid, struct error *err)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	for (size_t i = 0; i < cgroup->count; i++)
		if (cgroup_write(&cgroup->items[i], "cgroup.procs", text, err) < 0)
			return -1;
	return 0;
}

/* Calls `visit` for the directory and each below it, the deepest first. */
static int walk(int dirfd, const char *name, unsigned int depth,
		int (*visit)(int dirfd, const char *name, int fd, void *data), void *data)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autoclosedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir)
		return errno == ENOENT ? 0 : -1;
	while (depth < CGROUP_DEPTH_MAX && (entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
		    walk(fd, entry->d_name, depth + 1, visit, data) < 0)
			return -1;
	return visit(dirfd, name, fd, data);
}

struct collection {
	struct arena *arena;
	pid_t **pids;
	size_t *count;
};

static int collect(int dirfd, const char *name, int fd, void *data)
{
	struct collection *to = data;
	autobuffer struct buffer text = { 0 };

	(void)dirfd;
	(void)name;
	if (file_read(fd, "cgroup.procs", CGROUP_FILE_MAX, &text, NULL) < 0)
		return errno == ENOENT || errno == ENODEV || errno == EOPNOTSUPP ? 0 : -1;
	for (char *p = text.data, *end; p && *p; p = end) {
		long pid = strtol(p, &end, 10);

		if (end == p)
			break;
		end += *end == '\n';
		*(pid_t *)arena_push(to->arena, to->pids, to->count, sizeof(pid_t)) = (pid_t)pid;
	}
	return 0;
}

int cgroup_processes(const struct cgroup *cgroup, struct arena *arena, pid_t **pids, size_t *count,
		     struct error *err)
{
	struct collection to = { arena, pids, count };
	const struct cgroup_hierarchy *h = cgroup_find(cgroup, "devices");

	if (!h && cgroup->count > 0)
		h = &cgroup->items[0];
	if (h && walk(AT_FDCWD, h->directory, 0, collect, &to) < 0)
		return error_errno(err, "cannot read the processes of the cgroup '%s'", h->directory);
	return 0;
}

int cgroup_signal(const struct cgroup *cgroup, int signal, struct error *err)
{
	const struct cgroup_hierarchy *v2 = cgroup_find(cgroup, "");
	struct arena_room room;
	struct arena arena = arena_in(&room);
	struct error ignored;
	pid_t *pids = NULL;
	size_t count = 0;
	bool frozen;
	int r = 0;

	if (signal == SIGKILL && v2 && cgroup_write(v2, "cgroup.kill", "1", &ignored) == 0)
		return 0;
	/* Frozen, none can fork out of the list that was just read. */
	frozen = cgroup_freeze(cgroup, true, &ignored) == 0;
	r = cgroup_processes(cgroup, &arena, &pids, &count, err);
	for (size_t i = 0; i < count && r == 0; i++)
		if (kill(pids[i], signal) < 0 && errno != ESRCH)
			r = error_errno(err, "cannot signal process %d", (int)pids[i]);
	if (frozen)
		(void)cgroup_freeze(cgroup, false, &ignored);
	arena_release(&arena);
	return r;
}

static const struct cgroup_hierarchy *freezer(const struct cgroup *cgroup, bool *v2)
{
	const struct cgroup_hierarchy *h = cgroup->unified ? NULL : cgroup_find(cgroup, "freezer");

	*v2 = !h;
	h = h ? h : cgroup_find(cgroup, "");
	return h;
}

bool cgroup_is_frozen(const struct cgroup *cgroup)
{
	autobuffer struct buffer text = { 0 };
	struct error ignored;
	bool v2;
	const struct cgroup_hierarchy *h = freezer(cgroup, &v2);

	if (!h || cgroup_read(h, v2 ? "cgroup.freeze" : "freezer.state", &text, &ignored) < 0)
		return false;
	return v2 ? strcmp(text.data, "1") == 0 : strncmp(text.data, "THAWED", 6) != 0;
}

static long long now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Version 2 tells changes of cgroup.events by POLLPRI. Returns when the word shows, or the time is over. */
static int wait_event(const struct cgroup_hierarchy *h, const char *word, int timeout_ms)
{
	autoclose int fd = -1;
	char path[PATH_MAX];
	long long end = now_ms() + timeout_ms;

	file_path(h, "cgroup.events", path);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0) {
		struct pollfd p = { .fd = fd, .events = POLLPRI };
		char text[256];
		ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
		long long left = end - now_ms();

		if (n < 0)
			return errno == ENODEV ? 0 : -1;
		text[n] = '\0';
		if (strstr(text, word))
			return 0;
		if (left <= 0 || poll(&p, 1, (int)left) < 0)
			return -1;
	}
	return errno == ENOENT ? 0 : -1;
}

/* Version 1 tells nothing: look again, a little later each time. */
static void pause_a_little(unsigned int round)
{
	struct timespec t = { .tv_nsec = 50000L << (round < 8 ? round : 8) };

	(void)nanosleep(&t, NULL);
}

int cgroup_freeze(const struct cgroup *cgroup, bool frozen, struct error *err)
{
	long long end = now_ms() + DELETE_WAIT_MS;
	bool v2;
	const struct cgroup_hierarchy *h = freezer(cgroup, &v2);

	if (!h)
		return error_set(err, "cannot freeze: there is no cgroup with a freezer");
	if (v2) {
		if (cgroup_write(h, "cgroup.freeze", frozen ? "1" : "0", err) < 0)
			return -1;
		if (wait_event(h, frozen ? "frozen 1" : "frozen 0", DELETE_WAIT_MS) < 0)
			return error_set(err, "the processes of '%s' do not freeze", h->directory);
		return 0;
	}
	for (unsigned int round = 0;; round++) {
		autobuffer struct buffer state = { 0 };

		/* FREEZING can last for ever when a process forks while it is frozen; writing again moves it on. */
		if (cgroup_write(h, "freezer.state", frozen ? "FROZEN" : "THAWED", err) < 0 ||
		    cgroup_read(h, "freezer.state", &state, err) < 0)
			return -1;
		if (strcmp(state.data, frozen ? "FROZEN" : "THAWED") == 0)
			return 0;
		if (now_ms() > end) {
			(void)cgroup_write(h, "freezer.state", "THAWED", err);
			return error_set(err, "the processes of '%s' do not freeze", h->directory);
		}
		pause_a_little(round);
	}
}

static int remove_one(int dirfd, const char *name, int fd, void *data)
{
	(void)fd;
	(void)data;
	return unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

/* Until each of those in there has ended. False where nobody is, and so nobody can be waited for. */
static bool wait_processes(const struct cgroup_hierarchy *h, long long end)
{
	struct arena_room room;
	struct arena arena = arena_in(&room);
	pid_t *pids = NULL;
	size_t count = 0;
	struct collection to = { &arena, &pids, &count };

	(void)walk(AT_FDCWD, h->directory, 0, collect, &to);
	for (size_t i = 0; i < count; i++) {
		autoclose int pidfd = kernel_pidfd_open(pids[i]);
		struct pollfd p = { .fd = pidfd, .events = POLLIN };
		long long left = end - now_ms();

		(void)poll(&p, 1, left > 0 && pidfd >= 0 ? (int)left : 0);
	}
	arena_release(&arena);
	return count > 0;
}

static int delete_one(const struct cgroup_hierarchy *h, struct error *err)
{
	long long end = now_ms() + DELETE_WAIT_MS;

	for (unsigned int round = 0;; round++) {
		/* Most are leaves; the walk is for those whose container made more. */
		if (rmdir(h->directory) == 0 || errno == ENOENT)
			return 0;
		if ((errno == EBUSY || errno == ENOTEMPTY) && walk(AT_FDCWD, h->directory, 0, remove_one, NULL) == 0)
			return 0;
		if (errno != EBUSY || now_ms() > end)
			return error_errno(err, "cannot remove the cgroup '%s'", h->directory);
		if (!wait_processes(h, end))
			pause_a_little(round);
	}
}

bool cgroup_remove_empty(const struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->count; i++)
		if (strcmp(cgroup->items[i].path, "/") == 0 ||
		    (rmdir(cgroup->items[i].directory) < 0 && errno != ENOENT))
			return false;
	return true;
}

int cgroup_delete(struct cgroup *cgroup, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < cgroup->count; i++)
		if (strcmp(cgroup->items[i].path, "/") != 0 && delete_one(&cgroup->items[i], err) < 0)
			r = -1;
	return r;
}
