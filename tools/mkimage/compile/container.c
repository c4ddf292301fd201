/* SPDX-License-Identifier: Apache-2.0 */
/* One container: what image, label and manifest say together, as a config.json. */
#include "tools/mkimage/compile/parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"

#define SPEC_VERSION "1.2.1"		/* the oldest that has all we write, for other runtimes to accept */
#define OVERLAY_VALUE "tmpfs"

int job_error(const struct job *job, const struct place *at, const char *format, ...)
{
	char message[ERROR_MESSAGE_MAX];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	return place_error(at && at->file ? at : &job->stated->at, job->err, "%s[%zu].%s", plan_stage_names[job->stage],
			   job->index, message);
}

size_t job_position(const struct job *job)
{
	const struct manifest *m = job->input->manifest;
	const size_t before[PLAN_STAGES] = {
		[PLAN_ONBOOT] = 0, [PLAN_SERVICES] = m->onboot.count, [PLAN_ONSHUTDOWN] = m->onboot.count + m->services.count,
	};

	return before[job->stage] + job->index;
}

static struct oci_strings strings_of(const struct manifest_strings *list, struct arena *arena)
{
	struct oci_strings out = { arena_array(arena, list->count + 1, sizeof(char *)), list->count };

	for (size_t i = 0; i < list->count; i++)
		out.items[i] = list->items[i].value;
	return out;
}

static struct oci_pairs pairs_of(const struct manifest_pairs *pairs, struct arena *arena)
{
	struct oci_pairs out = { arena_array(arena, pairs->count + 1, sizeof(struct oci_pair)), pairs->count };

	for (size_t i = 0; i < pairs->count; i++)
		out.items[i] = (struct oci_pair){ pairs->items[i].key, pairs->items[i].value };
	return out;
}

/* `command` takes the place of entrypoint and cmd together, `args` that of cmd alone. */
static int compile_args(struct job *job, struct oci_process *process)
{
	const struct oci_strings stated[] = { strings_of(&job->merged.command, job->arena), strings_of(&job->merged.args, job->arena) };
	const struct oci_strings *from[] = { &job->image->config.config.entrypoint, &job->image->config.config.cmd };
	struct oci_strings *args = &process->args;

	if (job->merged.command.set)
		from[0] = &stated[0];
	if (job->merged.command.set || job->merged.args.set)
		from[1] = &stated[1];
	for (size_t k = 0; k < ARRAY_SIZE(from); k++)
		for (size_t i = 0; i < from[k]->count; i++)
			*(const char **)arena_push(job->arena, &args->items, &args->count, sizeof(*args->items)) =
				from[k]->items[i];
	if (args->count == 0 || !*args->items[0])
		return job_error(job, &job->stated->at, "command: nothing to run: the image '%s' has neither entrypoint nor "
				 "cmd; add 'command:'", job->stated->image.value);
	return 0;
}

void job_add_variable(const struct job *job, struct oci_strings *env, const char *name, const char *value)
{
	const char **items = arena_array(job->arena, env->count + 1, sizeof(*items));
	size_t count = 0, length = strlen(name);

	for (size_t i = 0; i < env->count; i++)
		if (strncmp(env->items[i], name, length) != 0 || env->items[i][length] != '=')
			items[count++] = env->items[i];
	items[count++] = arena_printf(job->arena, "%s=%s", name, value);
	*env = (struct oci_strings){ items, count };
}

bool job_notifies(const struct job *job)
{
	const struct manifest_container *m = &job->merged;

	return m->watchdog.value || (m->ready.word.value && strcmp(m->ready.word.value, "notify") == 0);
}

/* What init tells the program. */
static void add_environment(const struct job *job, struct oci_strings *env)
{
	const struct manifest_container *m = &job->merged;
	unsigned int watchdog = 0;

	if (m->watchdog.value && manifest_duration(m->watchdog.value, &watchdog))
		job_add_variable(job, env, "WATCHDOG_USEC", arena_printf(job->arena, "%llu", watchdog * 1000ull));
	if (job_notifies(job))
		job_add_variable(job, env, "NOTIFY_SOCKET", PLAN_NOTIFY_SOCKET);
	credentials_environment(job, env);
}

static int compile_environment(struct job *job, struct oci_process *process)
{
	const struct manifest_strings *env = &job->merged.env;

	for (size_t i = 0; i < env->count; i++) {
		const char *equals = strchr(env->items[i].value, '=');

		if (!equals || equals == env->items[i].value)
			return job_error(job, &env->items[i].at, "env: expected 'NAME=VALUE', got '%s'",
					 env->items[i].value);
	}
	process->env = env->set ? strings_of(env, job->arena) : job->image->config.config.env;
	for (size_t i = 0; i < job->merged.env_add.count; i++) {
		const char *text = job->merged.env_add.items[i].value, *equals = strchr(text, '=');

		job_add_variable(job, &process->env, arena_strndup(job->arena, text, (size_t)(equals - text)), equals + 1);
	}
	add_environment(job, &process->env);
	return 0;
}

static int compile_directory(struct job *job, struct oci_process *process)
{
	const struct manifest_string *stated = &job->merged.cwd;
	const char *image = job->image->config.config.working_dir;
	const char *cwd = stated->value && *stated->value ? stated->value : image;

	process->cwd = cwd && *cwd ? cwd : "/";
	if (process->cwd[0] != '/')
		return job_error(job, stated->value ? &stated->at : &job->stated->at,
				 "cwd: '%s' must be an absolute path", process->cwd);
	return 0;
}

static int compile_process(struct job *job, struct compiled_container *out)
{
	struct oci_process *process = arena_alloc(job->arena, sizeof(*process));

	out->config.process = process;
	if (compile_args(job, process) < 0 || compile_environment(job, process) < 0 ||
	    compile_directory(job, process) < 0)
		return -1;
	return capabilities_compile(job, process) < 0 ? -1 : user_compile(job, out);
}

static int compile_propagation(struct job *job, struct oci_linux *linux_)
{
	static const char *const words[] = { "shared", "slave", "private", "unbindable", "rshared", "rslave",
					     "rprivate", "runbindable" };
	const struct manifest_string *stated = &job->merged.rootfs_propagation;

	for (size_t i = 0; stated->value && i < ARRAY_SIZE(words); i++)
		if (strcmp(stated->value, words[i]) == 0) {
			linux_->rootfs_propagation = words[i];
			return 0;
		}
	if (stated->value && *stated->value)
		return job_error(job, &stated->at, "rootfsPropagation: expected 'shared', 'slave', 'private' or "
				 "'unbindable', got '%s'", stated->value);
	return 0;
}

/* The config says where; PID 1 makes it there by the plan, which is told the same. */
static int compile_cgroup(struct job *job, struct oci_linux *linux_)
{
	const struct manifest_string *stated = &job->merged.cgroups_path;

	linux_->cgroups_path = arena_printf(job->arena, "/%s/%s", plan_stage_names[job->stage], job->stated->name.value);
	if (!stated->value || !*stated->value)
		return 0;
	if (path_escapes(stated->value) || !*path_clean(job->arena, stated->value) || strchr(stated->value, ':'))
		return job_error(job, &stated->at, "cgroupsPath: expected a path below the root of the cgroups, got '%s'",
				 stated->value);
	linux_->cgroups_path = path_join(job->arena, "/", path_clean(job->arena, stated->value));
	return 0;
}

static void compile_root(struct job *job, struct compiled_container *out)
{
	struct oci_pairs *annotations = &out->config.annotations;
	struct oci_pair *overlay;

	out->readonly = job->merged.readonly.value;
	out->config.root = (struct oci_root){ "rootfs", out->readonly };
	for (size_t i = 0; i < job->merged.annotations.count; i++) {
		const struct manifest_pair *pair = &job->merged.annotations.items[i];

		*(struct oci_pair *)arena_push(job->arena, &annotations->items, &annotations->count,
					       sizeof(struct oci_pair)) = (struct oci_pair){ pair->key, pair->value };
	}
	if (out->readonly || oci_pairs_find(annotations, OCI_ANNOTATION_OVERLAY))
		return;
	overlay = arena_push(job->arena, &annotations->items, &annotations->count, sizeof(*overlay));
	*overlay = (struct oci_pair){ OCI_ANNOTATION_OVERLAY, OVERLAY_VALUE };
}

int container_compile(struct job *job, struct compiled_container *out)
{
	struct oci_config *config = &out->config;

	*out = (struct compiled_container){ .manifest = job->stated, .image = job->image };
	if (merge_label(job) < 0)
		return -1;
	config->oci_version = SPEC_VERSION;
	config->linux_.resources = arena_alloc(job->arena, sizeof(*config->linux_.resources));
	config->linux_.sysctl = pairs_of(&job->merged.sysctl, job->arena);
	compile_root(job, out);
	if (compile_process(job, out) < 0 || mounts_compile(job, config) < 0 || namespaces_compile(job, config) < 0 ||
	    devices_compile(job, &config->linux_) < 0 || limits_compile(job, config) < 0 ||
	    compile_propagation(job, &config->linux_) < 0 || compile_cgroup(job, &config->linux_) < 0)
		return -1;
	/* Last: it asks what the others have made. */
	return confinement_compile(job, config);
}
