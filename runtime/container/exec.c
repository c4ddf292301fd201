/* SPDX-License-Identifier: Apache-2.0 */
/* One more process in a container that runs. */
#include "runtime/container/container.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"
#include "runtime/container/exec_cgroup.h"
#include "runtime/container/process.h"
#include "runtime/container/setup.h"
#include "runtime/container/sync.h"
#include "runtime/linux/clone_inside.h"
#include "runtime/linux/execute.h"
#include "runtime/linux/labels.h"
#include "runtime/linux/notify.h"
#include "runtime/linux/oom.h"
#include "runtime/linux/rlimits.h"
#include "runtime/linux/scheduling.h"
#include "runtime/linux/syscalls.h"
#include "runtime/linux/user.h"

struct joining {
	const struct container_exec_options *options;
	struct container *container;
	struct container_process *process;
	struct arena *arena;
	struct cgroup cgroup;		/* where the process goes */
	struct seccomp_program seccomp;
	unsigned int namespaces;	/* CLONE_NEW* that the container has of its own */
	int target;			/* pidfd of the container's first process */
	int sync;			/* the child's side */
	int console, terminal_socket;
	bool ordinary;			/* the runtime is an ordinary user's */
	bool inside;			/* the child is born in the namespaces */
};

/* All at once, and of the process that the descriptor means: no path that could come to mean another. */
static int join_namespaces(const struct joining *j, unsigned int which, struct error *err)
{
	unsigned int flags = j->namespaces & which;

	if (flags && setns(j->target, (int)flags) < 0)
		return error_errno(err, "cannot join the container's namespaces");
	return 0;
}

/* What is written to the process's own files in /proc; children have it too. */
static int set_attributes(const struct joining *j, struct error *err)
{
	const struct oci_process *p = j->options->process;

	if (p->has_oom_score_adj && oom_score_adjust(p->oom_score_adj, err) < 0 && !(j->ordinary && err->number == EACCES))
		return -1;
	return labels_apply(p, err);
}

/* Before it can be seen from inside: no process there may look into this one, or find the runtime's program. */
static int hide(struct error *err)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? error_errno(err, "cannot hide from the container") : 0;
}

/* An ordinary user has rights to the container's namespaces only together with its user namespace. */
static int enter_all(void *data, struct error *err)
{
	const struct joining *j = data;

	return set_attributes(j, err) < 0 || hide(err) < 0 ? -1 : join_namespaces(j, ~0u, err);
}

static int enter_rest(const struct joining *j, struct error *err)
{
	return set_attributes(j, err) < 0 ? -1 : join_namespaces(j, ~(unsigned int)CLONE_NEWPID, err);
}

static int take_terminal(const struct joining *j, struct error *err)
{
	struct terminal terminal;

	if (!j->options->process->terminal) {
		if (setsid() < 0 && errno != EPERM)
			return error_errno(err, "cannot make a session");
		return 0;
	}
	if (terminal_open_here(j->options->process, &terminal, err) < 0)
		return -1;
	if (!j->options->console_socket)
		terminal_end_lines_plainly(terminal.master);
	if (terminal_send(j->console, terminal.master, "/dev/pts/ptmx", err) < 0)
		return -1;
	return terminal_take(&terminal, err);
}

/* A process that says nothing about its CPUs goes where the container's config says. */
static const struct oci_process *affinity_of(const struct joining *j)
{
	const struct oci_process *own = j->options->process, *of_container = j->container->config->process;

	return own->cpu_affinity_initial || own->cpu_affinity_final || !of_container ? own : of_container;
}

static int describe_to_agent(struct joining *j, int pid, struct error *err)
{
	struct oci_state state = j->container->state;

	state.status = "running";
	return notify_describe(j->container->config, state, pid, j->arena, &j->seccomp, err);
}

static int child_steps(struct joining *j, struct error *err)
{
	const struct oci_process *p = j->options->process;
	struct program program = { 0 };
	int pid;

	if ((!j->inside && hide(err) < 0) || sync_expect_number(j->sync, SYNC_GO, &pid, err) < 0 ||
	    describe_to_agent(j, pid, err) < 0)
		return -1;
	(void)umask(0);
	if (!affinity_of(j)->cpu_affinity_initial)
		scheduling_use_all_cpus(0);
	if (scheduling_set_cpus(affinity_of(j)->cpu_affinity_final, err) < 0 ||
	    scheduling_apply(p, &j->container->config->linux_, err) < 0 || (!j->inside && enter_rest(j, err) < 0))
		return -1;
	if (((j->namespaces & CLONE_NEWUSER) && namespaces_become_root(err) < 0) || take_terminal(j, err) < 0 ||
	    execute_new_keyring(j->container->state.id, err) < 0 || program_prepare(p, j->arena, &program, err) < 0 ||
	    rlimits_apply(p, err) < 0)
		return -1;
	execute_reset_signals();
	if (execute_close_from(3 + j->options->preserve_fds, err) < 0)
		return -1;
	return setup_become(p, &j->seccomp, &program, err);
}

static void __attribute__((noreturn)) child(struct joining *j)
{
	struct error err = { 0 };

	fd_replace(&j->process->sync, -1);
	(void)child_steps(j, &err);
	sync_send_error(j->sync, &err);
	_exit(1);
}

/* ------------------------------------------------------------ the runtime's side */

static int check_status(const struct container *container, bool ignore_paused, struct error *err)
{
	switch (container_status(container)) {
	case CONTAINER_RUNNING:
	case CONTAINER_CREATED:
		return 0;
	case CONTAINER_PAUSED:
		if (ignore_paused)
			return 0;
		return error_set(err, "cannot exec in a paused container (use --ignore-paused to override)");
	default:
		return error_set(err, "cannot exec in a stopped container");
	}
}

static int prepare(struct joining *j, struct error *err)
{
	const struct oci_process *p = j->options->process;
	const struct oci_config *config;

	if (check_status(j->container, j->options->ignore_paused, err) < 0 ||
	    container_config(j->container, j->arena, err) < 0)
		return -1;
	config = j->container->config;
	if (process_check_terminal(p, j->options->console_socket, j->options->foreground, err) < 0 ||
	    rlimits_check(p, err) < 0 || scheduling_check(p, &config->linux_, err) < 0)
		return -1;
	if (!p->cwd || *p->cwd != '/')
		return error_set(err, "cwd must be an absolute path");
	for (size_t i = 0; i < config->linux_.namespaces_count; i++)
		j->namespaces |= namespace_flag(config->linux_.namespaces[i].type);
	j->target = container_pidfd(j->container);
	if (j->target < 0)
		return error_set(err, "cannot exec in a stopped container");
	j->ordinary = user_is_ordinary();
	j->inside = j->ordinary && (j->namespaces & CLONE_NEWUSER);
	j->cgroup = j->container->cgroup;
	if (exec_cgroup_choose(&j->options->cgroups, j->arena, &j->cgroup, err) < 0)
		return -1;
	if (j->container->filter.length > 0)
		j->seccomp = j->container->filter;
	if (!config->linux_.seccomp)
		return 0;
	if (seccomp_compile(config->linux_.seccomp, j->arena, &j->seccomp, err) < 0)
		return -1;
	return notify_connect(config->linux_.seccomp, &j->seccomp, err);
}

/* Where the container's cgroup has no room, the process goes where the first one is, unless the caller chose. */
static pid_t clone_here(const struct joining *j, struct clone_args *args, int *cgroup, struct error *err)
{
	pid_t pid = kernel_clone3(args);

	if (pid >= 0)
		return pid;
	if (errno != EBUSY || *cgroup < 0)
		return error_errno(err, "cannot make a process");
	if (j->options->cgroups.count == 0) {
		fd_replace(cgroup, exec_cgroup_of(j->container->state.pid, j->arena));
		args->cgroup = (uint64_t)*cgroup;
		pid = *cgroup < 0 ? -1 : kernel_clone3(args);
	}
	return pid >= 0 ? pid : exec_cgroup_error(&j->cgroup.items[0], getpid(), EBUSY, err);
}

static int make_child(struct joining *j, struct error *err)
{
	struct container_process *p = j->process;
	struct clone_args args;
	autoclose int cgroup = -1;

	if (process_prepare_clone(p, &j->sync, &args, err) < 0)
		return -1;
	if (j->cgroup.unified && !j->ordinary && process_clone_into(&j->cgroup.items[0], &args, &cgroup, err) < 0)
		return exec_cgroup_error(&j->cgroup.items[0], getpid(), err->number, err);
	/* For the child to come; this process stays where it is. */
	if (!j->inside && (j->namespaces & CLONE_NEWPID) && setns(j->target, CLONE_NEWPID) < 0)
		return error_errno(err, "cannot join the container's PID namespace");
	if (process_cloned(p, j->inside ? clone_inside(&args, enter_all, j, err) : clone_here(j, &args, &cgroup, err)) < 0)
		return -1;
	if (p->pid == 0)
		child(j);
	log_debug("the process is %d", (int)p->pid);
	fd_replace(&j->sync, -1);
	fd_replace(&j->console, -1);
	/* The agent waits for its end before it answers anything. */
	fd_replace(&j->seccomp.agent, -1);
	return 0;
}

static int join(struct joining *j, struct error *err)
{
	struct container_process *p = j->process;

	/* The CPUs to start on are those of this process, from here on: the child inherits them. */
	if (prepare(j, err) < 0 || scheduling_set_cpus(affinity_of(j)->cpu_affinity_initial, err) < 0 ||
	    process_open_console(j->options->process, j->options->console_socket, &j->console, &j->terminal_socket, err) < 0 ||
	    make_child(j, err) < 0)
		return -1;
	/* A user's container may have been made in a cgroup that the user has no rights to from here. */
	if ((!j->cgroup.unified || j->ordinary) && exec_cgroup_attach(&j->cgroup, p->pid, err) < 0 && !j->ordinary)
		return -1;
	if (sync_send_number(p->sync, SYNC_GO, (int)p->pid, err) < 0 || sync_expect(p->sync, SYNC_END, err) < 0)
		return -1;
	if (j->terminal_socket >= 0) {
		p->master = terminal_receive(j->terminal_socket, err);
		if (p->master < 0)
			return -1;
	}
	if (process_send_pidfd(p, j->options->pidfd_socket, err) < 0)
		return -1;
	return process_write_pid(p, j->options->pid_file, err);
}

int container_exec(struct container *container, const struct container_exec_options *options, struct arena *arena,
		   struct container_process *process, struct error *err)
{
	struct joining j = {
		.options = options, .container = container, .process = process, .arena = arena, .target = -1,
		.sync = -1, .console = -1, .terminal_socket = -1, .seccomp = { .agent = -1 },
	};
	int r;

	*process = (struct container_process)CONTAINER_PROCESS_NONE;
	r = process_check_descriptors(options->preserve_fds, err) < 0 ? -1 : join(&j, err);
	if (r < 0)
		process_end(process);
	fd_replace(&j.target, -1);
	fd_replace(&j.sync, -1);
	fd_replace(&j.console, -1);
	fd_replace(&j.terminal_socket, -1);
	fd_replace(&j.seccomp.agent, -1);
	return r;
}
