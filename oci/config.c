/* SPDX-License-Identifier: Apache-2.0 */
/* config.json but for "linux": runtime-spec 1.3, config.md. The order of the rows is that of specs-go. */
#include "oci/config.h"

#include <string.h>

#include "base/file.h"
#include "oci/config_linux.h"
#include "oci/json.h"

/* --- process ----------------------------------------------------------------------------------- */

static const struct json_field console_size_fields[] = {
	JSON_ROW("height", struct oci_process, console_height, JSON_ALWAYS),
	JSON_ROW("width", struct oci_process, console_width, JSON_ALWAYS),
};
static const struct json_type console_size_type = JSON_TYPE(struct oci_process, console_size_fields);

static const struct json_field user_fields[] = {
	JSON_ROW("uid", struct oci_user, uid, JSON_REQUIRED | JSON_ALWAYS),
	JSON_ROW("gid", struct oci_user, gid, JSON_REQUIRED | JSON_ALWAYS),
	JSON_ROW_HAS("umask", struct oci_user, umask, 0),
	JSON_ROW_ARRAY("additionalGids", struct oci_user, additional_gids, additional_gids_count, &json_type_u32, 0),
	JSON_ROW("username", struct oci_user, username, 0),
};
static const struct json_type user_type = JSON_TYPE(struct oci_user, user_fields);

static const struct json_field capabilities_fields[] = {
	JSON_ROW("bounding", struct oci_capabilities, bounding, 0),
	JSON_ROW("effective", struct oci_capabilities, effective, 0),
	JSON_ROW("inheritable", struct oci_capabilities, inheritable, 0),
	JSON_ROW("permitted", struct oci_capabilities, permitted, 0),
	JSON_ROW("ambient", struct oci_capabilities, ambient, 0),
};
static const struct json_type capabilities_type = JSON_TYPE(struct oci_capabilities, capabilities_fields);

#define RLIMITS_MAX 64			/* the kernel knows 16 */

static const struct json_field rlimit_fields[] = {
	JSON_ROW("type", struct oci_rlimit, type, JSON_REQUIRED),
	JSON_ROW("hard", struct oci_rlimit, hard, JSON_REQUIRED | JSON_ALWAYS),
	JSON_ROW("soft", struct oci_rlimit, soft, JSON_REQUIRED | JSON_ALWAYS),
};
static const struct json_type rlimit_type = JSON_TYPE(struct oci_rlimit, rlimit_fields);

static const struct json_field scheduler_fields[] = {
	JSON_ROW("policy", struct oci_scheduler, policy, JSON_REQUIRED),
	JSON_ROW("nice", struct oci_scheduler, nice, 0),
	JSON_ROW("priority", struct oci_scheduler, priority, 0),
	JSON_ROW("flags", struct oci_scheduler, flags, 0),
	JSON_ROW("runtime", struct oci_scheduler, runtime, 0),
	JSON_ROW("deadline", struct oci_scheduler, deadline, 0),
	JSON_ROW("period", struct oci_scheduler, period, 0),
};
static const struct json_type scheduler_type = JSON_TYPE(struct oci_scheduler, scheduler_fields);

static const struct json_field io_priority_fields[] = {
	JSON_ROW("class", struct oci_io_priority, class, JSON_REQUIRED),
	JSON_ROW("priority", struct oci_io_priority, priority, JSON_REQUIRED | JSON_ALWAYS),
};
static const struct json_type io_priority_type = JSON_TYPE(struct oci_io_priority, io_priority_fields);

static const struct json_field cpu_affinity_fields[] = {
	JSON_ROW("initial", struct oci_process, cpu_affinity_initial, 0),
	JSON_ROW("final", struct oci_process, cpu_affinity_final, 0),
};
static const struct json_type cpu_affinity_type = JSON_TYPE(struct oci_process, cpu_affinity_fields);

static const struct json_field process_fields[] = {
	JSON_ROW("terminal", struct oci_process, terminal, 0),
	JSON_ROW_INLINE("consoleSize", &console_size_type, JSON_HAS,
			.other = offsetof(struct oci_process, has_console_size)),
	JSON_ROW_OBJECT("user", struct oci_process, user, &user_type, JSON_ALWAYS),
	JSON_ROW("args", struct oci_process, args, JSON_REQUIRED),
	JSON_ROW("env", struct oci_process, env, 0),
	JSON_ROW("cwd", struct oci_process, cwd, JSON_REQUIRED | JSON_ABSOLUTE),
	JSON_ROW_POINTER("capabilities", struct oci_process, capabilities, &capabilities_type),
	JSON_ROW_ARRAY("rlimits", struct oci_process, rlimits, rlimits_count, &rlimit_type, 0,
		       .limit = RLIMITS_MAX),
	JSON_ROW("noNewPrivileges", struct oci_process, no_new_privileges, 0),
	JSON_ROW("apparmorProfile", struct oci_process, apparmor_profile, 0),
	JSON_ROW_HAS("oomScoreAdj", struct oci_process, oom_score_adj, 0),
	JSON_ROW_POINTER("scheduler", struct oci_process, scheduler, &scheduler_type),
	JSON_ROW("selinuxLabel", struct oci_process, selinux_label, 0),
	JSON_ROW_POINTER("ioPriority", struct oci_process, io_priority, &io_priority_type),
	JSON_ROW_INLINE("execCPUAffinity", &cpu_affinity_type, 0),
};

/* config.md, "POSIX process": an error MUST be generated for a limit that stands twice. */
static int check_process(const void *value, const struct json_place *place, struct error *err)
{
	const struct oci_process *process = value;

	for (size_t i = 0; i < process->rlimits_count; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(process->rlimits[i].type, process->rlimits[k].type) == 0)
				return json_error(place, "rlimits", err, "'%.64s' stands twice",
						  process->rlimits[i].type);
	return 0;
}

static const struct json_type process_type = JSON_TYPE(struct oci_process, process_fields, .check = check_process);

/* --- root, mounts, hooks ----------------------------------------------------------------------- */

static const struct json_field root_fields[] = {
	JSON_ROW("path", struct oci_root, path, JSON_REQUIRED),
	JSON_ROW("readonly", struct oci_root, readonly, 0),
};
static const struct json_type root_type = JSON_TYPE(struct oci_root, root_fields);

static const struct json_field mount_fields[] = {
	JSON_ROW("destination", struct oci_mount, destination, JSON_REQUIRED),
	JSON_ROW("type", struct oci_mount, type, 0),
	JSON_ROW("source", struct oci_mount, source, 0),
	JSON_ROW("options", struct oci_mount, options, 0),
	JSON_ROW_ARRAY("uidMappings", struct oci_mount, uid_mappings.items, uid_mappings.count,
		       &oci_id_mapping_type, 0),
	JSON_ROW_ARRAY("gidMappings", struct oci_mount, gid_mappings.items, gid_mappings.count,
		       &oci_id_mapping_type, 0),
};
static const struct json_type mount_type = JSON_TYPE(struct oci_mount, mount_fields);

static const struct json_field hook_fields[] = {
	JSON_ROW("path", struct oci_hook, path, JSON_REQUIRED | JSON_ABSOLUTE),
	JSON_ROW("args", struct oci_hook, args, 0),
	JSON_ROW("env", struct oci_hook, env, 0),
	JSON_ROW_HAS("timeout", struct oci_hook, timeout, 0),
};

static int check_hook(const void *value, const struct json_place *place, struct error *err)
{
	const struct oci_hook *hook = value;

	if (hook->has_timeout && hook->timeout <= 0)
		return json_error(place, "timeout", err, "expected a number of seconds greater than 0, got %d",
				  hook->timeout);
	return 0;
}

static const struct json_type hook_type = JSON_TYPE(struct oci_hook, hook_fields, .check = check_hook);

#define HOOKS(key, member) JSON_ROW_ARRAY(key, struct oci_hooks, member.items, member.count, &hook_type, 0)

static const struct json_field hooks_fields[] = {
	HOOKS("prestart", prestart),
	HOOKS("createRuntime", create_runtime),
	HOOKS("createContainer", create_container),
	HOOKS("startContainer", start_container),
	HOOKS("poststart", poststart),
	HOOKS("poststop", poststop),
};
static const struct json_type hooks_type = JSON_TYPE(struct oci_hooks, hooks_fields);

/* --- the document ------------------------------------------------------------------------------ */

static const struct json_field config_fields[] = {
	JSON_ROW("ociVersion", struct oci_config, oci_version, JSON_REQUIRED),
	JSON_ROW_POINTER("process", struct oci_config, process, &process_type),
	JSON_ROW_OBJECT("root", struct oci_config, root, &root_type, JSON_REQUIRED),
	JSON_ROW("hostname", struct oci_config, hostname, 0),
	JSON_ROW("domainname", struct oci_config, domainname, 0),
	JSON_ROW_ARRAY("mounts", struct oci_config, mounts, mounts_count, &mount_type, 0),
	JSON_ROW_OBJECT("hooks", struct oci_config, hooks, &hooks_type, 0),
	JSON_ROW("annotations", struct oci_config, annotations, 0),
	JSON_ROW_OBJECT("linux", struct oci_config, linux_, &oci_linux_type, 0),
};

/* The length of a number without leading zeros, 0 where there is none. */
static size_t number_length(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 1 && *s == '0' ? 0 : n;
}

/* Semantic Versioning 2.0, major 1: "1.2.1", "1.0.2-dev", "1.0.0-rc.5+build". */
static bool is_version_1(const char *s)
{
	static const char labels[] = "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	if (strncmp(s, "1.", 2) != 0)
		return false;
	s += 2;
	if (number_length(s) == 0 || s[number_length(s)] != '.')
		return false;
	s += number_length(s) + 1;
	if (number_length(s) == 0)
		return false;
	s += number_length(s);
	for (const char *mark = "-+"; *mark; mark++) {
		if (*s != *mark)
			continue;
		if (strspn(s + 1, labels) == 0)
			return false;
		s += 1 + strspn(s + 1, labels);
	}
	return *s == '\0';
}

static int check_config(const void *value, const struct json_place *place, struct error *err)
{
	const struct oci_config *config = value;

	if (!is_version_1(config->oci_version))
		return json_error(place, "ociVersion", err,
				  "expected a version 1.x.y of the runtime specification, got '%.64s'",
				  config->oci_version);
	for (size_t i = 0; i < config->annotations.count; i++)
		if (*config->annotations.items[i].key == '\0')
			return json_error(place, "annotations", err, "a key must not be empty");
	return 0;
}

static const struct json_type config_type = JSON_TYPE(struct oci_config, config_fields, .check = check_config);
static const struct json_field document = { .kind = JSON_KIND_OBJECT, .type = &config_type };

int oci_config_parse(const char *json, size_t length, struct arena *arena, struct oci_config *config,
		     struct error *err)
{
	struct oci_config read = { 0 };

	if (json_read(json, length, OCI_CONFIG_BYTES_MAX, &document, arena, &read, err) < 0)
		return -1;
	*config = read;
	return 0;
}

int oci_config_read(int dirfd, const char *path, struct arena *arena, struct oci_config *config,
		    struct error *err)
{
	autobuffer struct buffer text = { 0 };

	if (file_read(dirfd, path, OCI_CONFIG_BYTES_MAX, &text, err) < 0)
		return -1;
	if (oci_config_parse(buffer_string(&text), text.length, arena, config, err) < 0)
		return error_context(err, "%s", path);
	return 0;
}

int oci_config_write(const struct oci_config *config, struct buffer *out, struct error *err)
{
	return json_write(&document, config, true, out, err);
}

int oci_config_write_compact(const struct oci_config *config, struct buffer *out, struct error *err)
{
	return json_write(&document, config, false, out, err);
}

size_t oci_hooks_count(const struct oci_hooks *hooks)
{
	return hooks->prestart.count + hooks->create_runtime.count + hooks->create_container.count +
	       hooks->start_container.count + hooks->poststart.count + hooks->poststop.count;
}

const char *oci_pairs_find(const struct oci_pairs *pairs, const char *key)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (strcmp(pairs->items[i].key, key) == 0)
			return pairs->items[i].value;
	return NULL;
}
