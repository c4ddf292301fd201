/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's side of making a container; the other side is setup.c. */
#include "runtime/container/container.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "runtime/container/process.h"
#include "runtime/container/service_manager.h"
#include "runtime/container/setup.h"
#include "runtime/container/state.h"
#include "runtime/container/sync.h"
#include "runtime/linux/cgroup_owner.h"
#include "runtime/linux/clone_inside.h"
#include "runtime/linux/execute.h"
#include "runtime/linux/hooks.h"
#include "runtime/linux/idmap.h"
#include "runtime/linux/network_ahead.h"
#include "runtime/linux/notify.h"
#include "runtime/linux/syscalls.h"
#include "runtime/linux/user.h"
#include "runtime/linux/user_namespace.h"

/*
 * Below this, what the set-up allocates would count: the child is made outside of the
 * cgroup and moved in, which takes the kernel longer than making it inside.
 */
#define MEMORY_LIMIT_SMALL (16 << 20)

struct creation {
	const struct container_create_options *options;
	struct arena *arena;
	struct container *container;
	struct container_process *process;
	struct oci_config *config;	/* in the arena: it outlives the creation */
	struct setup setup;
	int state_fd;
	int start_socket;		/* listening; -1 for `run` */
	int setup_sync;			/* the set-up's side */
	int terminal_socket;		/* where the terminal comes in, for the foreground */
	bool made_inside;		/* the child is born in its cgroup */
	bool has_hooks;			/* of the runtime, which run when the set-up says PREPARED */
	struct buffer config_text;
	struct network_ahead network;
};

/* Hooks want to find the process in its cgroup; without them it is moved there as late as can be. */
static bool moves_late(const struct creation *c)
{
	return !c->made_inside && !c->has_hooks;
}

/* What is being made, for container_undo_unfinished(). */
static struct creation *unfinished;

/* ------------------------------------------------------------ in the child */


static int child_namespaces(struct creation *c, struct error *err)
{
	struct namespaces *n = &c->setup.namespaces;

	/* The map must be there first. */
	if ((n->make & CLONE_NEWUSER) && sync_expect(c->setup_sync, SYNC_GO, err) < 0)
		return -1;
	if (((n->make | n->join) & CLONE_NEWUSER) && (namespaces_become_root(err) < 0 || namespaces_own_files(err) < 0))
		return -1;
	if (!namespaces_made_inside(n) && namespaces_join(n, ~(unsigned int)CLONE_NEWPID, err) < 0)
		return -1;
	/* clone3 has made all but this. */
	if (namespaces_unshare(n, CLONE_NEWTIME, err) < 0)
		return -1;
	return namespaces_enter_time(n, &c->config->linux_, err);
}

/*
 * A container may wait for its start for long, and be joined meanwhile: no descriptor of the caller's, or of the host's
 * file system, is kept until then.
 */
static int keep_for_start(struct creation *c, struct error *err)
{
	int kept[] = { c->start_socket, c->setup_sync, c->setup.seccomp.agent, c->setup.root, log_descriptor() };

	c->state_fd = -1;
	return execute_close_but(3 + c->setup.preserve_fds, kept, ARRAY_SIZE(kept), err);
}

/* `start` connects; the connection carries an error, or ends with execve. */
static int wait_for_start(struct creation *c, struct error *err)
{
	int connection;

	if (c->process->goes_on)
		return 0;
	if (c->start_socket >= 0)
		execute_heed_signals();
	if ((c->start_socket >= 0 && keep_for_start(c, err) < 0) || sync_send(c->setup_sync, SYNC_CREATED, err) < 0)
		return -1;
	if (c->start_socket < 0)
		return sync_expect(c->setup_sync, SYNC_GO, err);
	do
		connection = accept4(c->start_socket, NULL, NULL, SOCK_CLOEXEC);
	while (connection < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (connection < 0)
		return error_errno(err, "cannot wait for the start");
	fd_replace(&c->setup_sync, connection);
	return 0;
}

/* The state for the hooks that run in the container's namespaces: its process as it sees itself. */
static void tell_hooks(struct creation *c, const char *status)
{
	if (oci_hooks_count(&c->config->hooks) > 0)
		c->setup.hook_state = state_for_hooks(c->config, c->options->id, c->setup.bundle, getpid(), status, c->arena);
}

/*
 * The runtime's turn begins when the devices are made, which its rules may forbid. Hooks want to find the container as
 * it is then; all else the runtime does while the set-up goes on, and that waits for it as late as can be.
 */
static int enter(struct creation *c, struct error *err)
{
	if (sync_send(c->setup_sync, SYNC_PREPARED, err) < 0 ||
	    (c->has_hooks && sync_expect(c->setup_sync, SYNC_GO, err) < 0))
		return -1;
	tell_hooks(c, "creating");
	if (setup_enter(&c->setup, err) < 0)
		return -1;
	tell_hooks(c, "created");
	if (moves_late(c) && sync_send(c->setup_sync, SYNC_ENTERED, err) < 0)
		return -1;
	return c->has_hooks ? 0 : sync_expect(c->setup_sync, SYNC_GO, err);
}

static int child_steps(struct creation *c, struct error *err)
{
	if (child_namespaces(c, err) < 0)
		return -1;
	/* The first process of a container must not be looked into by one that shares its PID namespace. */
	if (!((c->setup.namespaces.make | c->setup.namespaces.join) & CLONE_NEWUSER))
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (setup_build(&c->setup, err) < 0 || enter(c, err) < 0 || setup_inside_cgroup(&c->setup, err) < 0 ||
	    wait_for_start(c, err) < 0)
		return -1;
	return setup_execute(&c->setup, err);
}

static void __attribute__((noreturn)) child(struct creation *c)
{
	struct error err = { 0 };

	unfinished = NULL;		/* that is for the runtime to undo */
	fd_replace(&c->process->sync, -1);
	(void)child_steps(c, &err);
	setup_undo(&c->setup);
	sync_send_error(c->setup_sync, &err);
	_exit(1);
}

/* ------------------------------------------------------------ preparations */

static int read_config(struct creation *c, struct error *err)
{
	const struct container_create_options *o = c->options;
	struct buffer *text = &c->config_text;
	const char *config = o->config;
	char bundle[PATH_MAX];

	if (!realpath(o->bundle, bundle))
		return error_errno(err, "cannot find the bundle '%s'", o->bundle);
	c->setup.bundle = arena_strdup(c->arena, bundle);
	if (*config != '/')
		config = path_join(c->arena, c->setup.bundle, config);
	if (file_read(AT_FDCWD, config, OCI_CONFIG_BYTES_MAX, text, err) < 0) {
		if (err->number == ENOENT)
			return error_set(err, "JSON specification file %s not found", o->config);
		return -1;
	}
	log_debug("bundle '%s'", c->setup.bundle);
	if (oci_config_parse(text->data, text->length, c->arena, c->config, err) < 0)
		return error_context(err, "%s", o->config);
	return 0;
}

/* What the config of the bundle does not say, and the caller does. */
static int extend_config(struct creation *c, struct error *err)
{
	if (c->options->foreground && c->config->process && c->config->process->terminal)
		terminal_take_size(c->config->process);
	service_manager_hand_on(c->config, c->options->listen_fds, c->arena);
	if (!c->options->notify)
		return 0;
	if (service_manager_prepare(c->state_fd, c->container->directory, c->config, c->arena, err) < 0)
		return -1;
	return c->options->start ? service_manager_open(c->container->directory, &c->process->notify, err) : 0;
}

static int prepare(struct creation *c, struct error *err)
{
	const struct oci_linux *l = &c->config->linux_;

	for (size_t i = 0; i < l->namespaces_count; i++)
		log_debug("namespace '%s'%s%s", l->namespaces[i].type, l->namespaces[i].path ? ": " : ", a new one",
			  l->namespaces[i].path ? l->namespaces[i].path : "");
	if (namespaces_open(c->config, &c->setup.namespaces, err) < 0 ||
	    setup_check(c->config, &c->setup.namespaces, err) < 0 || process_check_terminal(c->config->process, c->options->console_socket, c->options->foreground, err) < 0)
		return -1;
	if (l->seccomp && (seccomp_compile(l->seccomp, c->arena, &c->setup.seccomp, err) < 0 ||
			   notify_connect(l->seccomp, &c->setup.seccomp, err) < 0))
		return -1;
	return idmap_open(c->config, &c->setup.namespaces, c->setup.bundle, c->arena, &c->setup.mapped, err);
}

/* Not where a user namespace is to own it, nor where making it takes more rights than there are. */
static void make_network_ahead(struct creation *c)
{
	const struct namespaces *n = &c->setup.namespaces;

	if ((n->make & CLONE_NEWNET) && !((n->make | n->join) & CLONE_NEWUSER) && !user_is_ordinary())
		(void)network_ahead_start(&c->network);
}

/* One that was there may be in use: who is in it shares the limits, and frozen it would hold the first process for ever. */
static int check_cgroup(const struct creation *c, struct error *err)
{
	const struct cgroup *cgroup = &c->container->cgroup;
	bool there = false;
	pid_t *pids = NULL;
	size_t count = 0;

	for (size_t i = 0; i < cgroup->count; i++) {
		there |= !cgroup->items[i].made;
		log_debug("cgroup '%s'", cgroup->items[i].directory);
	}
	if (!there)
		return 0;
	if (cgroup_is_frozen(cgroup))
		return error_set(err, "container's cgroup unexpectedly frozen");
	if (cgroup_processes(cgroup, c->arena, &pids, &count, err) < 0)
		return -1;
	if (count > 0)
		log_warning("container's cgroup is not empty: %zu process(es) found", count);
	return 0;
}

/* Whether what failed is for root alone, and this is not root: asked only when it has failed. */
static bool may_do_without(const struct creation *c, const struct error *err)
{
	if (err->number != EACCES && err->number != EPERM && err->number != EROFS)
		return false;
	if (c->options->rootless != CONTAINER_ROOTLESS_AUTO)
		return c->options->rootless == CONTAINER_ROOTLESS;
	return user_is_ordinary() || user_namespace_is_nested();
}

/* Where the config does not say which one, a user's container does without what the user may not make. */
static int make_directories(struct creation *c, struct error *err)
{
	const char *path = c->config->linux_.cgroups_path;
	struct cgroup *cgroup = &c->container->cgroup;

	if (cgroup_locate(path, c->options->id, c->arena, cgroup, err) < 0)
		return -1;
	if (cgroup_create(cgroup, err) == 0)
		return 0;
	if (!may_do_without(c, err))
		return -1;
	if (path && *path)
		return error_context(err, "rootless needs no limits + no cgrouppath when no permission is granted for cgroups");
	cgroup_create_some(cgroup);
	return 0;
}

static int limit_devices(const struct creation *c, struct error *err)
{
	const struct cgroup *cgroup = &c->container->cgroup;

	/* Who can make no device needs no rules for them. */
	if (user_is_ordinary() || cgroup->partial)
		return 0;
	return cgroup_limit_devices(cgroup, c->config->linux_.resources, err) < 0 && !may_do_without(c, err) ? -1 : 0;
}

static int make_cgroup(struct creation *c, struct error *err)
{
	struct cgroup *cgroup = &c->container->cgroup;
	const struct oci_resources *r = c->config->linux_.resources;

	if (c->options->no_cgroup) {
		cgroup->partial = true;
		return 0;
	}
	if (make_directories(c, err) < 0 || check_cgroup(c, err) < 0 ||
	    cgroup_own(cgroup, c->config, &c->setup.namespaces, err) < 0)
		return -1;
	c->setup.cgroup = cgroup;
	c->setup.stay_on_cpu = cgroup_is_tight(r);
	c->made_inside = cgroup->unified && !user_is_ordinary() && !(r && r->memory_limit.set && r->memory_limit.value >= 0 &&
					      r->memory_limit.value < MEMORY_LIMIT_SMALL);
	return 0;
}

static int limit(const struct creation *c, struct error *err)
{
	const struct cgroup *cgroup = &c->container->cgroup;

	if (cgroup_limit(cgroup, c->config->linux_.resources, err) == 0)
		return 0;
	if (c->options->no_cgroup)
		return error_context(err, "limits need a cgroup, and '--cgroup-manager disabled' makes none");
	return cgroup->partial ? error_context(err, "the user may not make the cgroup that limits need") : -1;
}

static int make_start_socket(struct creation *c, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (c->options->start)
		return 0;
	c->start_socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	/* Through the descriptor: the path of the directory may be longer than an address takes. */
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" STATE_SOCKET, c->state_fd);
	if (c->start_socket < 0 || bind(c->start_socket, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(c->start_socket, 1) < 0)
		return error_errno(err, "cannot make the start socket");
	return 0;
}

static int join_all(void *data, struct error *err)
{
	return namespaces_join(data, ~0u, err);
}

static pid_t clone_child(struct namespaces *n, struct clone_args *args, struct error *err)
{
	pid_t pid;

	if (namespaces_made_inside(n))
		return clone_inside(args, join_all, n, err);
	/* Joining a PID namespace is for children, so it is done here, for the child to come. */
	if (namespaces_join(n, CLONE_NEWPID, err) < 0)
		return -1;
	pid = kernel_clone3(args);
	if (pid < 0 && errno == EPERM && user_is_ordinary() && !(n->make & CLONE_NEWUSER))
		return error_set(err, "rootless container requires user namespaces");
	return pid < 0 ? error_errno(err, "cannot make the container's first process") : pid;
}

static int make_child(struct creation *c, struct error *err)
{
	struct namespaces *n = &c->setup.namespaces;
	struct container_process *p = c->process;
	struct clone_args args;
	autoclose int cgroup = -1;

	if (process_prepare_clone(p, &c->setup_sync, &args, err) < 0)
		return -1;
	args.flags |= n->make & ~(unsigned int)(CLONE_NEWCGROUP | CLONE_NEWTIME);
	if (c->network.helper > 0) {
		args.flags &= ~(uint64_t)CLONE_NEWNET;
		c->setup.network = c->setup_sync;
	}
	if ((c->made_inside && process_clone_into(&c->container->cgroup.items[0], &args, &cgroup, err) < 0) ||
	    process_cloned(p, clone_child(n, &args, err)) < 0)
		return -1;
	if (p->pid == 0)
		child(c);
	log_debug("the first process is %d", (int)p->pid);
	fd_replace(&c->setup_sync, -1);
	fd_replace(&c->start_socket, -1);
	fd_replace(&c->setup.console, -1);
	/* The agent waits for its end before it answers anything. */
	fd_replace(&c->setup.seccomp.agent, -1);
	return 0;
}

/* ------------------------------------------------------------ together with the child */

static int run_runtime_hooks(struct creation *c, struct error *err)
{
	const struct oci_hooks *h = &c->config->hooks;
	const char *state = state_for_hooks(c->config, c->options->id, c->setup.bundle, c->process->pid, "creating", c->arena);

	if (hooks_run(&h->prestart, "prestart", state, err) < 0)
		return -1;
	return hooks_run(&h->create_runtime, "createRuntime", state, err);
}

/* In version 2 a user may own a cgroup and yet not the way there: then it is of use only for limits. */
static int attach(struct creation *c, struct error *err)
{
	struct cgroup *cgroup = &c->container->cgroup;

	if (cgroup_attach(cgroup, c->process->pid, err) == 0)
		return 0;
	if (!may_do_without(c, err) || c->config->linux_.cgroups_path || cgroup_has_limits(c->config->linux_.resources))
		return -1;
	cgroup_undo(cgroup);
	cgroup->count = 0;
	cgroup->partial = true;
	return 0;
}

/* The set-up's turns and ours, up to where all limits hold. */
static int accompany(struct creation *c, struct error *err)
{
	struct container_process *p = c->process;

	if (sync_expect(p->sync, SYNC_PREPARED, err) < 0 || limit_devices(c, err) < 0)
		return -1;
	if (moves_late(c) && sync_expect(p->sync, SYNC_ENTERED, err) < 0)
		return -1;
	if (!c->made_inside && attach(c, err) < 0)
		return -1;
	if (c->has_hooks && run_runtime_hooks(c, err) < 0)
		return -1;
	return sync_send(p->sync, SYNC_GO, err);
}

static int wait_until_created(struct creation *c, struct error *err)
{
	struct container_process *p = c->process;

	if (sync_expect(p->sync, SYNC_CREATED, err) < 0)
		return -1;
	if (c->terminal_socket < 0)
		return 0;
	p->master = terminal_receive(c->terminal_socket, err);
	if (p->master < 0)
		return -1;
	terminal_end_lines_plainly(p->master);
	return 0;
}

static int save(struct creation *c, const char *status, struct error *err)
{
	struct oci_state *s = &c->container->state;
	autobuffer struct buffer text = { 0 };

	*s = (struct oci_state){
		.oci_version = c->config->oci_version, .id = c->options->id, .status = status, .pid = c->process->pid,
		.bundle = c->setup.bundle, .annotations = c->config->annotations,
		.rootfs = *c->config->root.path == '/' ? c->config->root.path :
							path_join(c->arena, c->setup.bundle, c->config->root.path),
		.created = state_now(c->arena), .owner = "", .start_time = state_start_time(c->process->pid),
	};
	state_set_cgroup(s, c->arena, &c->container->cgroup);
	if (oci_state_write(s, OCI_STATE_FOR_FILE, &text, err) < 0)
		return -1;
	return state_write(c->state_fd, STATE_FILE, text.data, text.length, err);
}

static int map_users(struct creation *c, struct error *err)
{
	struct container_process *p = c->process;

	if (!(c->setup.namespaces.make & CLONE_NEWUSER))
		return 0;
	return user_namespace_map(p->pid, &c->config->linux_, err) < 0 ? -1 : sync_send(p->sync, SYNC_GO, err);
}

static int hand_network(struct creation *c, struct error *err)
{
	autoclose int fd = -1;

	if (c->network.helper == 0)
		return 0;
	fd = network_ahead_finish(&c->network, err);
	return fd < 0 ? -1 : sync_send_descriptor(c->process->sync, SYNC_NETWORK, fd, err);
}

/* The container keeps the config of this moment: what becomes of the bundle's file changes nothing. */
static int keep_config(const struct creation *c, struct error *err)
{
	return state_write(c->state_fd, STATE_CONFIG, c->config_text.data, c->config_text.length, err);
}

/* Both sides work at the same time for most of it. */
static int create_with_child(struct creation *c, struct error *err)
{
	/* Nobody has to be told first, and where the process is does not change any more. */
	bool early = c->process->goes_on && c->made_inside;

	if (map_users(c, err) < 0 || keep_config(c, err) < 0 || limit(c, err) < 0 || hand_network(c, err) < 0 ||
	    (early && save(c, "created", err) < 0) || accompany(c, err) < 0)
		return -1;
	if (!c->process->goes_on && wait_until_created(c, err) < 0)
		return -1;
	return early ? 0 : save(c, "created", err);
}

static int create(struct creation *c, struct error *err)
{
	const struct oci_hooks *h = &c->config->hooks;

	if (read_config(c, err) < 0 || extend_config(c, err) < 0 || prepare(c, err) < 0)
		return -1;
	make_network_ahead(c);
	if (make_cgroup(c, err) < 0 || make_start_socket(c, err) < 0 || process_open_console(c->config->process, c->options->console_socket, &c->setup.console, &c->terminal_socket, err) < 0)
		return -1;
	/* `run` with nobody to tell first: there is no moment between "created" and "running". */
	c->process->goes_on = c->options->start && !c->options->pid_file && !c->options->pidfd_socket &&
			      c->terminal_socket < 0;
	c->has_hooks = h->prestart.count > 0 || h->create_runtime.count > 0;
	if (make_child(c, err) < 0 || create_with_child(c, err) < 0)
		return -1;
	if (process_send_pidfd(c->process, c->options->pidfd_socket, err) < 0)
		return -1;
	return process_write_pid(c->process, c->options->pid_file, err);
}

/* runtime.md, "Lifecycle": from a failure after step 2 on to step 12, and the hooks of step 13. */
static void undo(struct creation *c)
{
	const struct oci_hook_list *poststop = &c->config->hooks.poststop;
	struct error ignored;
	bool was_made = c->process->pid > 0;

	process_end(c->process);
	if (c->network.helper > 0)
		(void)close(network_ahead_finish(&c->network, &ignored));
	cgroup_undo(&c->container->cgroup);
	(void)state_remove(c->options->root, c->options->id, &ignored);
	if (was_made && poststop->count > 0)
		hooks_run_all(poststop, "poststop", state_for_hooks(c->config, c->options->id, c->setup.bundle, 0, "stopped",
								    c->arena));
}

void container_undo_unfinished(void)
{
	struct creation *c = unfinished;

	/* Undoing may want memory too, and come here again. */
	unfinished = NULL;
	if (c)
		undo(c);
}

int container_create(const struct container_create_options *options, struct arena *arena,
		     struct container *container, struct container_process *process, struct error *err)
{
	struct creation c = {
		.options = options, .arena = arena, .container = container, .process = process, .state_fd = -1,
		.start_socket = -1, .setup_sync = -1, .terminal_socket = -1,
		.setup = {
			.id = options->id, .namespaces = NAMESPACES_NONE, .console = -1, .network = -1, .root = -1, .seccomp = { .agent = -1 },
			.terminal = { -1, -1 }, .arena = arena, .no_pivot = options->no_pivot,
			.keep_keyring = options->no_new_keyring, .ordinary = user_is_ordinary(), .preserve_fds = options->listen_fds + options->preserve_fds,
		},
	};
	int r = -1;

	c.config = arena_alloc(arena, sizeof(*c.config));
	c.setup.config = c.config;
	*container = (struct container){ .root = options->root, .config = c.config };
	*process = (struct container_process)CONTAINER_PROCESS_NONE;
	if (state_check_id(options->id, err) < 0 ||
	    process_check_descriptors(options->listen_fds + options->preserve_fds, err) < 0)
		return -1;
	c.state_fd = state_make(options->root, options->id, err);
	if (c.state_fd < 0)
		return -1;
	unfinished = &c;
	container->directory = path_join(arena, options->root, options->id);
	r = create(&c, err);
	unfinished = NULL;
	if (r < 0)
		undo(&c);
	else if (!options->start)
		fd_replace(&process->sync, -1);
	namespaces_close(&c.setup.namespaces);
	idmap_close(c.config, c.setup.mapped);
	fd_replace(&c.state_fd, -1);
	fd_replace(&c.start_socket, -1);
	fd_replace(&c.setup_sync, -1);
	fd_replace(&c.terminal_socket, -1);
	fd_replace(&c.setup.console, -1);
	fd_replace(&c.setup.seccomp.agent, -1);
	buffer_release(&c.config_text);
	return r;
}
