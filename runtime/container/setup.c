/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/setup.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"
#include "runtime/container/sync.h"
#include "runtime/linux/capabilities.h"
#include "runtime/linux/devices.h"
#include "runtime/linux/execute.h"
#include "runtime/linux/hooks.h"
#include "runtime/linux/labels.h"
#include "runtime/linux/mounts.h"
#include "runtime/linux/net_devices.h"
#include "runtime/linux/notify.h"
#include "runtime/linux/oom.h"
#include "runtime/linux/rlimits.h"
#include "runtime/linux/root.h"
#include "runtime/linux/scheduling.h"
#include "runtime/linux/syscalls.h"
#include "runtime/linux/sysctl.h"
#include "runtime/linux/user.h"

typedef int step(struct setup *setup, struct error *err);

int setup_check(const struct oci_config *config, const struct namespaces *namespaces, struct error *err)
{
	const struct oci_linux *l = &config->linux_;
	unsigned int own = namespaces->make | namespaces->join;

	if (!(own & CLONE_NEWNS) && (l->masked_paths.count || l->readonly_paths.count))
		return error_set(err, "unable to restrict sys entries without a private MNT namespace");
	if ((config->hostname || config->domainname) && !(own & CLONE_NEWUTS))
		return error_set(err, "unable to set hostname without a private UTS namespace");
	if ((l->uid_mappings.count || l->gid_mappings.count) && !(own & CLONE_NEWUSER))
		return error_set(err, "linux.uidMappings and gidMappings need a user namespace");
	if ((namespaces->make & CLONE_NEWUSER) && (!l->uid_mappings.count || !l->gid_mappings.count))
		return error_set(err, "a new user namespace needs linux.uidMappings and gidMappings");
	if (l->time_offsets_count > 0 && !(namespaces->make & CLONE_NEWTIME))
		return error_set(err, "linux.timeOffsets need a new time namespace");
	if (l->net_devices_count > 0 && !(own & CLONE_NEWNET))
		return error_set(err, "linux.netDevices need a network namespace");
	if (l->intel_rdt)
		return error_set(err, "linux.intelRdt is not supported");
	if (config->process && (!config->process->cwd || config->process->cwd[0] != '/'))
		return error_set(err, "process.cwd must be an absolute path");
	if (config->process && rlimits_check(config->process, err) < 0)
		return -1;
	if (scheduling_check(config->process, l, err) < 0)
		return -1;
	return sysctl_check(&l->sysctl, own, err);
}

/* ------------------------------------------------------------ seen from outside */

static int set_names(struct setup *s, struct error *err)
{
	return namespaces_set_names(s->config->hostname, s->config->domainname, err);
}

static int raise_loopback(struct setup *s, struct error *err)
{
	/* Who makes it meanwhile does that as well. */
	if (!(s->namespaces.make & CLONE_NEWNET) || s->network >= 0 || net_devices_raise_loopback() == 0)
		return 0;
	return error_errno(err, "cannot set up the loopback device");
}

/* Once: before what wants to be in it. */
static int enter_network(struct setup *s, struct error *err)
{
	autoclose int fd = -1;

	if (s->network < 0)
		return 0;
	fd = sync_expect_descriptor(s->network, SYNC_NETWORK, err);
	if (fd < 0)
		return -1;
	s->network = -1;
	return setns(fd, CLONE_NEWNET) < 0 ? error_errno(err, "cannot enter the new network namespace") : 0;
}

/* Late, for what fails afterwards takes them down with the namespace; but before the sysctls, which may be about them. */
static int move_net_devices(struct setup *s, struct error *err)
{
	if (s->config->linux_.net_devices_count > 0 && enter_network(s, err) < 0)
		return -1;
	return net_devices_move(&s->config->linux_, s->namespaces.outside, err);
}

/* Before the root changes: the host's /proc cannot be an image's. */
static int set_sysctls(struct setup *s, struct error *err)
{
	if (s->config->linux_.sysctl.count > 0 && enter_network(s, err) < 0)
		return -1;
	return sysctl_apply(&s->config->linux_.sysctl, err);
}

static bool has_own_mounts(const struct setup *s)
{
	return (s->namespaces.make | s->namespaces.join) & CLONE_NEWNS;
}

static int open_root(struct setup *s, struct error *err)
{
	s->bundle_fd = openat(AT_FDCWD, s->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s->bundle_fd < 0)
		return error_errno(err, "cannot open the bundle '%s'", s->bundle);
	s->root = root_open(s->config, s->bundle_fd, has_own_mounts(s), err);
	return s->root < 0 ? -1 : 0;
}

/* File systems that are the same in every network namespace. Of all others, not only sysfs, one may be not. */
static bool is_of_network(const struct oci_mount *mount)
{
	static const char *const others[] = { "proc", "tmpfs", "devpts", "mqueue", "bind", "cgroup", "cgroup2" };

	for (size_t i = 0; mount->type && i < ARRAY_SIZE(others); i++)
		if (strcmp(mount->type, others[i]) == 0)
			return false;
	return true;
}

static int make_mounts(struct setup *s, struct error *err)
{
	struct mount_place place = { .root = s->root, .bundle = s->bundle_fd, .cgroup = s->cgroup,
				     .label = s->config->linux_.mount_label,
				     .user_namespace = (s->namespaces.make | s->namespaces.join) & CLONE_NEWUSER };

	for (size_t i = 0; i < s->config->mounts_count; i++) {
		place.mapped = s->mapped ? s->mapped[i] : -1;
		if ((is_of_network(&s->config->mounts[i]) && enter_network(s, err) < 0) ||
		    mount_apply(&place, &s->config->mounts[i], s->arena, err) < 0)
			return error_context(err, "mounts[%zu]", i);
	}
	fd_replace(&s->bundle_fd, -1);
	return 0;
}

static int make_devices(struct setup *s, struct error *err)
{
	return devices_wanted(s->config) ? devices_make(s->root, s->config, err) : 0;
}

/* After the devices: /dev/console is made beside them. */
static int open_terminal(struct setup *s, struct error *err)
{
	if (!s->config->process || !s->config->process->terminal)
		return 0;
	if (terminal_open(s->root, s->config->process, &s->terminal, err) < 0)
		return -1;
	if (s->console < 0)
		return error_set(err, "process.terminal: nobody is there to take the terminal");
	return terminal_send(s->console, s->terminal.master, "/dev/pts/ptmx", err);
}

static int make_cwd(struct setup *s, struct error *err)
{
	autoclose int cwd = -1;

	if (!s->config->process || strcmp(s->config->process->cwd, "/") == 0)
		return 0;
	cwd = path_open_in_root(s->root, s->config->process->cwd, O_PATH, 0, err);
	if (cwd >= 0 || err->number != ENOENT)
		return 0;
	/* A read-only image cannot have it made; then entering it will tell. */
	cwd = path_make_in_root(s->root, s->config->process->cwd, true, 0755, err);
	return 0;
}

/* ------------------------------------------------------------ stepping in */

static int run_create_container_hooks(struct setup *s, struct error *err)
{
	/* As with runc, they find themselves in the rootfs. */
	if (s->config->hooks.create_container.count > 0 && fchdir(s->root) < 0)
		return error_errno(err, "cannot enter the rootfs");
	return hooks_run(&s->config->hooks.create_container, "createContainer", s->hook_state, err);
}

/* While the root is still reached by descriptor; nothing runs in the container yet that could race with it. */
static int mask(struct setup *s, struct error *err)
{
	if (mount_seal_dev(s->root, s->config, s->arena, err) < 0 ||
	    mount_readonly_paths(s->root, &s->config->linux_.readonly_paths, err) < 0)
		return -1;
	return mount_mask_paths(s->root, &s->config->linux_.masked_paths, err);
}

static int seal_root(struct setup *s, struct error *err)
{
	return root_seal(s->root, s->config, err);
}

/* What is written to the process's own files in /proc: through the host's /proc, so before the root changes. */
static int set_process_attributes(struct setup *s, struct error *err)
{
	const struct oci_process *p = s->config->process;

	if (!p)
		return 0;
	/* A user may only make it more likely. */
	if (p->has_oom_score_adj && oom_score_adjust(p->oom_score_adj, err) < 0 && !(s->ordinary && err->number == EACCES))
		return -1;
	return labels_apply(p, err);
}

static int describe_to_agent(struct setup *s, struct error *err)
{
	const struct oci_config *c = s->config;
	const struct oci_state state = { .oci_version = c->oci_version, .id = s->id, .status = "created",
					 .bundle = s->bundle, .annotations = c->annotations };

	return notify_describe(c, state, 0, s->arena, &s->seccomp, err);
}

static int enter_root(struct setup *s, struct error *err)
{
	int r = has_own_mounts(s) ? root_enter(s->root, s->config, s->no_pivot, err) : root_change(s->root, err);

	/* What is mounted among the host's mounts may have to be undone. */
	if (r < 0 || !has_own_mounts(s))
		return r;
	fd_replace(&s->root, -1);
	return root_propagate(s->config, err);
}

static int take_session(struct setup *s, struct error *err)
{
	if (s->terminal.slave >= 0)
		return terminal_take(&s->terminal, err);
	/* EPERM: it leads a session already. */
	if (setsid() < 0 && errno != EPERM)
		return error_errno(err, "cannot make a session");
	return 0;
}

static int set_keyring(struct setup *s, struct error *err)
{
	return s->keep_keyring ? 0 : execute_new_keyring(s->id, err);
}

/* With HOME, of the user, where it is not given or empty. */
static char **environment(const struct oci_process *p, struct arena *arena)
{
	const char *home = execute_environment(&p->env, "HOME");
	struct oci_strings env = { arena_array(arena, p->env.count + 1, sizeof(*env.items)), p->env.count };

	if (env.count > 0)
		memcpy(env.items, p->env.items, env.count * sizeof(*env.items));
	if (!home || !*home)
		env.items[env.count++] = arena_printf(arena, "HOME=%s", user_home(p->user.uid, arena));
	execute_unite_environment(&env, arena);
	return execute_vector(&env, arena);
}

int program_prepare(const struct oci_process *p, struct arena *arena, struct program *program, struct error *err)
{
	if (p->args.count == 0)
		return error_set(err, "process.args is empty: there is nothing to run");
	/* One that cannot be entered as root may be one that the user can; one that leads outside is for nobody. */
	program->inside = execute_enter_directory(p->cwd, err) == 0;
	if (!program->inside && err->number != EACCES && err->number != EPERM)
		return -1;
	program->argv = execute_vector(&p->args, arena);
	program->envp = environment(p, arena);
	return execute_find(p->args.items[0], &p->env, arena, &program->executable, err);
}

static int prepare_program(struct setup *s, struct error *err)
{
	return s->config->process ? program_prepare(s->config->process, s->arena, &s->program, err) : 0;
}

/* A limit may keep the rest from working (RLIMIT_NOFILE, RLIMIT_AS), so it comes late; raising one needs privilege. */
static int set_limits(struct setup *s, struct error *err)
{
	return s->config->process ? rlimits_apply(s->config->process, err) : 0;
}

static int run_steps(struct setup *s, step *const *steps, struct error *err)
{
	for (; *steps; steps++)
		if ((*steps)(s, err) < 0)
			return -1;
	return 0;
}

int setup_build(struct setup *s, struct error *err)
{
	static step *const steps[] = { set_names, raise_loopback, open_root, make_mounts, make_devices, move_net_devices,
				       set_sysctls, open_terminal, make_cwd, enter_network, NULL };

	s->terminal = (struct terminal){ -1, -1 };
	s->root = s->bundle_fd = -1;
	/* Modes are what the config says, whatever the caller's umask. */
	(void)umask(0);
	return run_steps(s, steps, err);
}

int setup_enter(struct setup *s, struct error *err)
{
	static step *const steps[] = { run_create_container_hooks, mask, seal_root, set_process_attributes,
				       describe_to_agent, enter_root, take_session, set_keyring, prepare_program,
				       set_limits, NULL };

	return run_steps(s, steps, err);
}

void setup_undo(struct setup *s)
{
	if (!has_own_mounts(s) && s->root >= 0)
		root_unmount(s->root);
}

int setup_become(const struct oci_process *p, const struct seccomp_program *seccomp,
		 const struct program *program, struct error *err)
{
	struct capability_sets sets;

	if (p->capabilities)
		capabilities_read(p->capabilities, &sets);
	/*
	 * A filter needs no_new_privs or CAP_SYS_ADMIN. With the former it is loaded
	 * last of all, so that it need not allow what changing the user takes;
	 * without, the user changes behind it.
	 */
	if (!p->no_new_privileges && notify_apply(seccomp, err) < 0)
		return -1;
	if (p->capabilities && capabilities_bound(&sets, err) < 0)
		return -1;
	if (execute_own_stdio(p->user.uid, err) < 0 || user_apply(&p->user, err) < 0)
		return -1;
	if (p->capabilities && capabilities_apply(&sets, err) < 0)
		return -1;
	if (!program->inside && execute_enter_directory(p->cwd, err) < 0)
		return -1;
	if (p->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(err, "cannot set no_new_privs");
	if (p->no_new_privileges && notify_apply(seccomp, err) < 0)
		return -1;
	/* startContainer hooks are held to all that the program is held to. */
	if (program->hooks &&
	    hooks_run_in(program->hooks, "startContainer", program->hook_state, program->envp, err) < 0)
		return -1;
	log_debug("execute '%s' as user %u", program->executable, p->user.uid);
	(void)execve(program->executable, program->argv, program->envp);
	return execute_error(program->executable, errno, err);
}

int setup_inside_cgroup(struct setup *s, struct error *err)
{
	if (namespaces_unshare(&s->namespaces, CLONE_NEWCGROUP, err) < 0)
		return -1;
	scheduling_use_all_cpus(0);
	if (scheduling_apply(s->config->process, &s->config->linux_, err) < 0)
		return -1;
	if (s->stay_on_cpu)
		scheduling_stay_on_cpu();
	return 0;
}

int setup_execute(struct setup *s, struct error *err)
{
	const struct oci_process *p = s->config->process;

	if (!p)
		return error_set(err, "the config has no process to start");
	s->program.hooks = &s->config->hooks.start_container;
	s->program.hook_state = s->hook_state;
	execute_reset_signals();
	if (execute_close_from(3 + s->preserve_fds, err) < 0)
		return -1;
	return setup_become(p, &s->seccomp, &s->program, err);
}
