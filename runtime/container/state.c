/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "runtime/container/container.h"
#include "runtime/linux/process_stat.h"

int state_check_id(const char *id, struct error *err)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-.";

	if (!*id)
		return error_set(err, "container id cannot be empty");
	if (strlen(id) > CONTAINER_ID_MAX || id[strspn(id, allowed)] != '\0' || strcmp(id, ".") == 0 ||
	    strcmp(id, "..") == 0)
		return error_set(err, "invalid container ID format: '%.100s'", id);
	return 0;
}

int state_make(const char *root, const char *id, struct error *err)
{
	autoclose int rootfd = openat(AT_FDCWD, root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (rootfd < 0) {
		if (file_mkdirs(AT_FDCWD, root, 0711, err) < 0)
			return -1;
		rootfd = openat(AT_FDCWD, root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	if (rootfd < 0)
		return error_errno(err, "cannot open the state directory '%s'", root);
	if (mkdirat(rootfd, id, 0711) < 0) {
		if (errno == EEXIST)
			return error_set(err, "container with given ID already exists");
		return error_errno(err, "cannot create the state directory of '%s'", id);
	}
	fd = openat(rootfd, id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		error_errno(err, "cannot open the state directory of '%s'", id);
		(void)unlinkat(rootfd, id, AT_REMOVEDIR);
	}
	return fd;
}

/* Without fsync: what is lost with the machine's power is as stale as the container's processes. */
int state_write(int directory, const char *name, const char *data, size_t length, struct error *err)
{
	char temporary[64];
	autoclose int fd = -1;

	(void)snprintf(temporary, sizeof(temporary), ".%s", name);
	fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(err, "cannot create '%s' in the state directory", name);
	if (file_write_all(fd, data, length, name, err) < 0)
		return -1;
	if (renameat(directory, temporary, directory, name) < 0)
		return error_errno(err, "cannot write '%s' in the state directory", name);
	return 0;
}

int state_read(const char *root, const char *id, struct arena *arena, struct oci_state *state, struct error *err)
{
	autobuffer struct buffer text = { 0 };

	if (state_check_id(id, err) < 0)
		return -1;
	if (file_read(AT_FDCWD, arena_printf(arena, "%s/%s/" STATE_FILE, root, id), OCI_STATE_BYTES_MAX, &text, err) < 0) {
		if (err->number == ENOENT)
			return error_set(err, "container does not exist");
		return -1;
	}
	if (oci_state_parse(text.data, text.length, arena, state, err) < 0)
		return error_context(err, "the state of '%s' is damaged", id);
	return 0;
}

int state_remove(const char *root, const char *id, struct error *err)
{
	static const char *const files[] = { STATE_CONFIG, STATE_FILE };
	autoclose int rootfd = openat(AT_FDCWD, root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoclose int fd = openat(rootfd, id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	/* What is known to be there first; the tree walk is for what others put there. */
	for (size_t i = 0; fd >= 0 && i < ARRAY_SIZE(files); i++)
		(void)unlinkat(fd, files[i], 0);
	if (unlinkat(rootfd, id, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	/* It was never started. */
	if (fd >= 0 && unlinkat(fd, STATE_SOCKET, 0) == 0 && unlinkat(rootfd, id, AT_REMOVEDIR) == 0)
		return 0;
	return file_remove_tree(rootfd, id, err);
}

void state_get_cgroup(const struct oci_state *state, struct arena *arena, struct cgroup *cgroup)
{
	*cgroup = (struct cgroup){ 0 };
	for (size_t i = 0; i < state->cgroup_paths.count && i < CGROUP_HIERARCHIES_MAX; i++) {
		const struct oci_pair *pair = &state->cgroup_paths.items[i];

		cgroup->items[cgroup->count++] = (struct cgroup_hierarchy){
			.controllers = pair->key, .directory = pair->value, .mount = pair->value,
			.path = path_base(pair->value),
		};
	}
	cgroup->unified = cgroup->count == 1 && *cgroup->items[0].controllers == '\0';
	(void)arena;
}

void state_set_cgroup(struct oci_state *state, struct arena *arena, const struct cgroup *cgroup)
{
	state->cgroup_paths.items = arena_array(arena, cgroup->count + 1, sizeof(*state->cgroup_paths.items));
	state->cgroup_paths.count = cgroup->count;
	for (size_t i = 0; i < cgroup->count; i++)
		state->cgroup_paths.items[i] =
			(struct oci_pair){ cgroup->items[i].controllers, cgroup->items[i].directory };
}

const char *state_for_hooks(const struct oci_config *config, const char *id, const char *bundle, pid_t pid,
			    const char *status, struct arena *arena)
{
	const struct oci_state state = {
		.oci_version = config->oci_version, .id = id, .status = status, .pid = pid, .bundle = bundle,
		.annotations = config->annotations,
	};
	autobuffer struct buffer text = { 0 };

	if (oci_hooks_count(&config->hooks) == 0)
		return NULL;
	if (oci_state_write(&state, OCI_STATE_FOR_HOOKS, &text, NULL) < 0)
		return "{}";
	return arena_strdup(arena, buffer_string(&text));
}

uint64_t state_start_time(pid_t pid)
{
	struct process_stat stat;

	if (process_stat_read(pid, &stat) < 0 || stat.state == 'Z' || stat.state == 'X')
		return 0;
	return stat.start_time;
}

const char *state_now(struct arena *arena)
{
	struct timespec now;
	struct tm tm;
	char text[32];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &tm);
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	return arena_printf(arena, "%s.%09ldZ", text, now.tv_nsec);
}
