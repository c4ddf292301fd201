/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "runtime/linux/terminal.h"

#define STATUS_FAILED 255		/* what runc exits with when the process could not be made */

struct values {
	const char *console_socket, *pidfd_socket, *cwd, *user, *process, *pid_file, *process_label, *apparmor;
	struct option_list env, additional_gids, caps, cgroups;
	unsigned int preserve_fds;
	bool tty, detach, no_new_privs, ignore_paused;
};

#define VALUE(field) offsetof(struct values, field)

static const struct option options[] = {
	{ OPTION_STRING, 0, "console-socket", "PATH", "a socket that gets the terminal's descriptor", VALUE(console_socket) },
	{ OPTION_STRING, 0, "pidfd-socket", "PATH", "a socket that gets a pidfd of the process", VALUE(pidfd_socket) },
	{ OPTION_STRING, 0, "cwd", "DIR", "the working directory", VALUE(cwd) },
	{ OPTION_LIST, 'e', "env", "NAME=VALUE", "one more environment variable", VALUE(env) },
	{ OPTION_FLAG, 't', "tty", NULL, "with a terminal", VALUE(tty) },
	{ OPTION_STRING, 'u', "user", "UID[:GID]", "the user", VALUE(user) },
	{ OPTION_LIST, 'g', "additional-gids", "GID", "one more group", VALUE(additional_gids) },
	{ OPTION_STRING, 'p', "process", "FILE", "read the process from FILE, as JSON", VALUE(process) },
	{ OPTION_FLAG, 'd', "detach", NULL, "do not wait for its end", VALUE(detach) },
	{ OPTION_STRING, 0, "pid-file", "FILE", "write the number of the process to FILE", VALUE(pid_file) },
	{ OPTION_STRING, 0, "process-label", "LABEL", "the SELinux label", VALUE(process_label) },
	{ OPTION_STRING, 0, "apparmor", "PROFILE", "the AppArmor profile", VALUE(apparmor) },
	{ OPTION_FLAG, 0, "no-new-privs", NULL, "no more privileges by execve", VALUE(no_new_privs) },
	{ OPTION_LIST, 'c', "cap", "NAME", "one more capability", VALUE(caps) },
	{ OPTION_UNSIGNED, 0, "preserve-fds", "N", "pass N descriptors beyond the standard ones", VALUE(preserve_fds) },
	{ OPTION_LIST, 0, "cgroup", "[CONTROLLER:]PATH", "a cgroup below the container's", VALUE(cgroups) },
	{ OPTION_FLAG, 0, "ignore-paused", NULL, "also in a container that is paused", VALUE(ignore_paused) },
	OPTION_TABLE_END,
};

static void add_all(struct oci_strings *to, const struct option_list *from, struct arena *arena)
{
	const char **items = arena_array(arena, to->count + from->count + 1, sizeof(*items));

	if (to->count > 0)
		memcpy(items, to->items, to->count * sizeof(*items));
	if (from->count > 0)
		memcpy(items + to->count, from->items, from->count * sizeof(*items));
	*to = (struct oci_strings){ items, to->count + from->count };
}

static int read_id(const char *text, const char *what, uint32_t *id, struct error *err)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end || *text == '-' || n > UINT32_MAX)
		return error_set(err, "%s: expected a number, got '%s'", what, text);
	*id = (uint32_t)n;
	return 0;
}

static int read_user(const char *text, struct oci_user *user, struct arena *arena, struct error *err)
{
	char *uid = arena_strdup(arena, text), *gid = strchr(uid, ':');

	if (gid)
		*gid++ = '\0';
	if (read_id(uid, "option '--user'", &user->uid, err) < 0)
		return -1;
	return gid ? read_id(gid, "option '--user'", &user->gid, err) : 0;
}

static int read_gids(const struct option_list *list, struct oci_user *user, struct arena *arena, struct error *err)
{
	uint32_t *gids = arena_array(arena, user->additional_gids_count + list->count + 1, sizeof(*gids));

	if (user->additional_gids_count > 0)
		memcpy(gids, user->additional_gids, user->additional_gids_count * sizeof(*gids));
	for (size_t i = 0; i < list->count; i++)
		if (read_id(list->items[i], "option '--additional-gids'", &gids[user->additional_gids_count++], err) < 0)
			return -1;
	user->additional_gids = gids;
	return 0;
}

static void add_capabilities(struct oci_process *p, const struct option_list *caps, struct arena *arena)
{
	struct oci_capabilities *sets = arena_alloc(arena, sizeof(*sets));

	if (p->capabilities)
		*sets = *p->capabilities;
	add_all(&sets->bounding, caps, arena);
	add_all(&sets->effective, caps, arena);
	add_all(&sets->permitted, caps, arena);
	/*
	 * Never inheritable: files with such capabilities would give them to others (CVE-2022-29162). So ambient only
	 * where the container's own config has inheritable ones.
	 */
	if (sets->inheritable.count > 0)
		add_all(&sets->ambient, caps, arena);
	p->capabilities = sets;
}

/* The container's own process, changed as the options say. */
static int from_options(const struct values *v, const struct option_list *operands, const struct oci_config *config,
			struct oci_process *p, struct arena *arena, struct error *err)
{
	if (operands->count < 2)
		return error_set(err, "process args cannot be empty");
	if (!config->process)
		return error_set(err, "the container's config has no process to take the rest from");
	*p = *config->process;
	p->args = (struct oci_strings){ operands->items + 1, operands->count - 1 };
	p->terminal = v->tty;
	p->has_console_size = false;
	p->cwd = v->cwd ? v->cwd : p->cwd;
	p->apparmor_profile = v->apparmor ? v->apparmor : p->apparmor_profile;
	p->selinux_label = v->process_label ? v->process_label : p->selinux_label;
	p->no_new_privileges |= v->no_new_privs;
	add_all(&p->env, &v->env, arena);
	if (v->caps.count > 0)
		add_capabilities(p, &v->caps, arena);
	if (v->user && read_user(v->user, &p->user, arena, err) < 0)
		return -1;
	return read_gids(&v->additional_gids, &p->user, arena, err);
}

/* A process document is the part of a config that it would be. */
static int from_file(const char *path, struct oci_process *p, struct arena *arena, struct error *err)
{
	static const char before[] = "{\"ociVersion\":\"" RUNTIME_SPEC_VERSION "\",\"root\":{\"path\":\"/\"},\"process\":";
	autobuffer struct buffer text = { 0 };
	struct oci_config config;
	autoclose int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "cannot open '%s'", path);
	buffer_add_string(&text, before);
	/* Shells and clients pass it through pipes as well. */
	if (file_read_fd(fd, path, OCI_CONFIG_BYTES_MAX, &text, err) < 0)
		return -1;
	buffer_add_string(&text, "}");
	if (oci_config_parse(text.data, text.length, arena, &config, err) < 0)
		return error_context(err, "'%s'", path);
	if (!config.process)
		return error_set(err, "'%s' has no process", path);
	*p = *config.process;
	return 0;
}

static int exec(const void *data, const struct option_list *operands, struct arena *arena, struct error *err)
{
	const struct values *v = data;
	struct container container = { 0 };
	struct container_process made;
	struct oci_process process;
	const struct container_exec_options how = {
		.process = &process, .pid_file = v->pid_file, .console_socket = v->console_socket,
		.pidfd_socket = v->pidfd_socket,
		.cgroups = { v->cgroups.items, v->cgroups.count },
		.preserve_fds = v->preserve_fds, .ignore_paused = v->ignore_paused,
		.foreground = !v->detach && !v->console_socket,
	};
	int status = -1;

	if (container_load(runtime_globals.root, operands->items[0], arena, &container, err) == 0 &&
	    container_config(&container, arena, err) == 0 &&
	    (v->process ? from_file(v->process, &process, arena, err) :
			  from_options(v, operands, container.config, &process, arena, err)) == 0) {
		if (how.foreground && process.terminal)
			terminal_take_size(&process);
		if (!v->detach)
			foreground_prepare(false);
		if (container_exec(&container, &how, arena, &made, err) == 0) {
			status = v->detach ? 0 : foreground_wait(&made, err);
			container_process_close(&made);
		}
	}
	return status < 0 ? error_context(err, "exec failed") : status;
}

const struct command command_exec = {
	.words = { "exec", "CONTAINER [COMMAND...]", "run one more process in a container", options, 1, ~0u, true, NULL },
	.values_size = sizeof(struct values), .act = exec, .failed = STATUS_FAILED,
};
