/* SPDX-License-Identifier: Apache-2.0 */
/* The services as a manifest. */
#include "tools/mkimage/compose/importer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "tools/mkimage/compose/text.h"

static const char indent[] = "    ";

static void write_text(struct buffer *out, const char *key, const char *value)
{
	if (value)
		text_key(out, indent, key, value);
}

/* What is no number is for who reads the manifest to refuse. */
static void write_number(struct buffer *out, const char *above, const char *key, const char *value)
{
	if (value && value[strspn(value, "-0123456789")] == '\0')
		buffer_printf(out, "%s%s: %s\n", above, key, value);
	else if (value)
		text_key(out, above, key, value);
}

static void write_list(struct buffer *out, const char *key, const struct compose_list *list)
{
	if (list->count || list->set)
		text_list(out, indent, key, list->items, list->count);
}

static void write_pairs(struct buffer *out, const char *above, const char *key, const struct manifest_pairs *pairs)
{
	if (pairs->count)
		buffer_printf(out, "%s%s:\n", above, key);
	for (size_t i = 0; i < pairs->count; i++) {
		buffer_printf(out, "%s  ", above);
		text_scalar(out, pairs->items[i].key);
		buffer_add_string(out, ": ");
		text_scalar(out, pairs->items[i].value);
		buffer_add_string(out, "\n");
	}
}

static void write_build(struct buffer *out, const struct compose_build *build)
{
	static const char below[] = "      ";

	if (!build->set)
		return;
	buffer_printf(out, "%sbuild:\n", indent);
	text_key(out, below, "context", build->context);
	if (build->dockerfile)
		text_key(out, below, "dockerfile", build->dockerfile);
	if (build->target)
		text_key(out, below, "target", build->target);
	write_pairs(out, below, "args", &build->args);
}

/* ------------------------------------------------------------ rights */

static const char *with_prefix(const char *capability, struct arena *arena)
{
	char *name = arena_printf(arena, "%s%s", strncasecmp(capability, "CAP_", 4) == 0 ? "" : "CAP_", capability);

	for (char *p = name; *p; p++)
		*p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
	return name;
}

static bool has(const struct compose_list *list, const char *name, struct arena *arena)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(with_prefix(list->items[i], arena), name) == 0)
			return true;
	return false;
}

/* Docker's, without those that are dropped, and with those that are added. */
static void write_capabilities(struct importer *importer, const struct compose_service *s, struct buffer *out)
{
	static const char *const all[] = { "all" };
	struct compose_list list = { .set = true };

	if (s->privileged || has(&s->cap_add, "CAP_ALL", importer->arena)) {
		text_list(out, indent, "capabilities", all, 1);
		return;
	}
	for (size_t i = 0; docker_capabilities[i] && !has(&s->cap_drop, "CAP_ALL", importer->arena); i++)
		if (!has(&s->cap_drop, docker_capabilities[i], importer->arena))
			list_add(importer, &list, docker_capabilities[i]);
	for (size_t i = 0; i < s->cap_add.count; i++) {
		const char *name = with_prefix(s->cap_add.items[i], importer->arena);

		if (!has(&list, name, importer->arena))
			list_add(importer, &list, name);
	}
	write_list(out, "capabilities", &list);
}

static void write_privileges(const struct compose_service *s, struct buffer *out)
{
	if (s->privileged)
		buffer_printf(out, "%smaskedPaths: []\n%sreadonlyPaths: []\n%sresources: {devices: [{allow: true}]}\n", indent, indent, indent);
	write_text(out, "seccomp", s->privileged ? "unconfined" : s->seccomp);
	buffer_printf(out, "%snoNewPrivileges: %s\n", indent, s->no_new_privileges ? "true" : "false");
	if (s->readonly)
		buffer_printf(out, "%sreadonly: true\n", indent);
}

static void write_binds(struct importer *importer, const struct compose_service *s, struct buffer *out)
{
	struct compose_list binds = s->binds;

	if (s->privileged)
		list_add(importer, &binds, "/dev:/dev");
	for (size_t i = 0; machine_binds[i]; i++)
		list_add(importer, &binds, machine_binds[i]);
	buffer_printf(out, "%sbinds:\n", indent);
	for (size_t i = 0; i < binds.count; i++) {
		buffer_printf(out, "%s  - ", indent);
		text_scalar(out, binds.items[i]);
		buffer_add_string(out, "\n");
	}
}

/* ------------------------------------------------------------ life */

static void write_dependencies(struct importer *importer, const struct compose_service *s, struct buffer *out)
{
	struct compose_list after = { 0 }, requires = { 0 };

	for (size_t i = 0; i < s->dependencies_count; i++)
		if (s->dependencies[i].service)
			list_add(importer, s->dependencies[i].required ? &requires : &after, s->dependencies[i].service);
	write_list(out, "after", &after);
	write_list(out, "requires", &requires);
}

static void write_health(const struct compose_service *s, struct buffer *out)
{
	static const char below[] = "      ";

	if (s->health.set) {
		buffer_printf(out, "%shealth:\n", indent);
		text_list(out, below, "exec", s->health.items, s->health.count);
		if (s->interval)
			text_key(out, below, "interval", s->interval);
		if (s->timeout)
			text_key(out, below, "timeout", s->timeout);
		write_number(out, below, "retries", s->retries);
		if (s->start_period)
			text_key(out, below, "start_period", s->start_period);
		/* Docker only says so. */
		text_key(out, below, "action", "ignore");
	} else if (s->health_image) {
		write_text(out, "health", "image");
	}
	if (s->wait_healthy)
		buffer_printf(out, "%sready: health\n%sready_timeout: 10m\n", indent, indent);
}

static void write_service(struct importer *importer, const struct compose_service *s, struct buffer *out)
{
	struct compose_list env = { 0 };

	for (size_t i = 0; i < s->env.count; i++)
		list_add(importer, &env, arena_printf(importer->arena, "%s=%s", s->env.items[i].key, s->env.items[i].value));
	text_key(out, "  - ", "name", s->name);
	if (!s->build.set)
		write_text(out, "image", s->image);
	write_build(out, &s->build);
	write_list(out, "command", &s->command);
	write_list(out, "args", &s->args);
	write_list(out, "env.add", &env);
	write_list(out, "ports", &s->ports);
	write_text(out, "cwd", s->cwd);
	write_number(out, indent, "uid", s->uid);
	write_number(out, indent, "gid", s->gid);
	write_list(out, "additionalGids", &s->groups);
	write_capabilities(importer, s, out);
	write_privileges(s, out);
	write_binds(importer, s, out);
	write_list(out, "tmpfs", &s->tmpfs);
	write_list(out, "devices", &s->devices);
	write_text(out, "net", s->net);
	write_text(out, "pid", s->pid);
	write_text(out, "ipc", s->ipc);
	write_text(out, "uts", s->uts);
	write_text(out, "hostname", s->hostname);
	write_list(out, "rlimits", &s->rlimits);
	write_number(out, indent, "oomScoreAdj", s->oom_score);
	write_pairs(out, indent, "sysctl", &s->sysctl);
	write_pairs(out, indent, "annotations", &s->annotations);
	write_text(out, "memory", s->memory);
	write_text(out, "memory_low", s->memory_low);
	write_text(out, "cpu", s->cpu);
	write_number(out, indent, "cpu_weight", s->cpu_weight);
	write_number(out, indent, "pids", s->pids);
	write_dependencies(importer, s, out);
	if (s->oneshot)
		buffer_printf(out, "%soneshot: true\n", indent);
	write_health(s, out);
	write_text(out, "restart", s->restart ? s->restart : "never");
	write_text(out, "restart_delay", s->restart_delay);
	write_text(out, "restart_reset", s->restart_reset);
	write_text(out, "stop_signal", s->stop_signal);
	write_text(out, "stop_timeout", s->stop_timeout);
}

/* ------------------------------------------------------------ the machine */

static void write_files(const struct importer *importer, struct buffer *out)
{
	for (size_t i = 0; i < importer->files_count; i++) {
		const struct compose_file *file = &importer->files[i];

		text_key(out, "  - ", "path", file->path);
		if (file->symlink) {
			text_key(out, indent, "symlink", file->symlink);
			continue;
		}
		buffer_printf(out, "%smode: \"%s\"\n", indent, file->mode);
		if (file->directory)
			buffer_printf(out, "%sdirectory: true\n", indent);
		write_text(out, "source", file->source);
		write_text(out, "contents", file->contents);
	}
}

static void write_volumes(const struct importer *importer, struct buffer *out)
{
	if (importer->volumes_count == 0)
		return;
	buffer_add_string(out, "volumes:\n");
	for (size_t i = 0; i < importer->volumes_count; i++) {
		text_key(out, "  - ", "name", importer->volumes[i].name);
		text_key(out, indent, "from", importer->volumes[i].from);
		text_key(out, indent, "path", importer->volumes[i].path);
		buffer_printf(out, "%spersistent: true\n", indent);
	}
	text_storage(out);
}

void compose_write(struct importer *importer, struct buffer *out)
{
	struct compose_list names = { 0 };

	for (size_t i = 0; i < importer->services_count; i++) {
		const struct compose_service *s = &importer->services[i];

		list_add(importer, &names, s->name);
		for (size_t k = 0; k < s->names.count; k++)
			list_add(importer, &names, s->names.items[k]);
	}
	list_add(importer, &names, NULL);
	list_add(importer, &importer->hosts, NULL);
	buffer_printf(out, "# from %s\n", text_shown(importer->input->path, importer->arena));
	buffer_add_string(out, buffer_string(importer->notes));
	text_machine(out, importer->project, names.items, importer->hosts.items);
	write_files(importer, out);
	buffer_add_string(out, "services:\n");
	for (size_t i = 0; i < importer->services_count; i++)
		write_service(importer, &importer->services[i], out);
	write_volumes(importer, out);
}
