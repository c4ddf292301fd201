/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a service. */
#include "tools/mkimage/compose/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/option.h"
#include "base/path.h"
#include "tools/mkimage/manifest/values.h"

/* ------------------------------------------------------------ what it is made of */

static const struct row build_rows[] = {
	{ "context", row_text, offsetof(struct compose_build, context), NULL },
	{ "dockerfile", row_text, offsetof(struct compose_build, dockerfile), NULL },
	{ "target", row_text, offsetof(struct compose_build, target), NULL },
	{ "args", row_pairs, offsetof(struct compose_build, args), NULL },
	{ "platforms", NULL, 0, "an image is built for the machine's platform" },
	{ "labels", NULL, 0, NULL }, { "tags", NULL, 0, NULL }, { "pull", NULL, 0, NULL }, { "no_cache", NULL, 0, NULL },
	{ "cache_from", NULL, 0, NULL }, { "cache_to", NULL, 0, NULL }, { "provenance", NULL, 0, NULL }, { "sbom", NULL, 0, NULL },
	{ "additional_contexts", NULL, 0, "a build has one context" },
	{ "dockerfile_inline", NULL, 0, "write the Dockerfile to a file of its own" },
	{ "secrets", NULL, 0, "a build has no secrets" }, { "ssh", NULL, 0, "a build has no keys" },
	{ "network", NULL, 0, "the builder decides" }, { "extra_hosts", NULL, 0, "the builder decides" },
	{ "privileged", NULL, 0, "the builder decides" }, { "shm_size", NULL, 0, "the builder decides" },
	{ "isolation", NULL, 0, "the builder decides" }, { "ulimits", NULL, 0, "the builder decides" },
	{ "entitlements", NULL, 0, "the builder decides" },
};

static int read_build(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	struct compose_build *build = target;
	int r = node->kind == NODE_MAP ? rows_read(importer, node, build_rows, ARRAY_SIZE(build_rows), build) :
					 row_text(importer, node, row, &build->context);

	build->set = true;
	if (r < 0)
		return -1;
	if (!build->context)
		build->context = ".";
	if (strstr(build->context, "://") || strncmp(build->context, "git@", 4) == 0)
		return place_error(&node->at, importer->err, "the context '%s' is elsewhere; fetch it and give its directory",
				   text_shown(build->context, importer->arena));
	build->context = path_named(importer, build->context);
	return 0;
}

/* Paths, or mappings of `path` and `required`. */
static int read_env_files(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	struct manifest_pairs *pairs = target;
	size_t count = node->kind == NODE_LIST ? node->count : 1;

	(void)row;
	for (size_t i = 0; i < count; i++) {
		const struct node *item = node->kind == NODE_LIST ? node->items[i] : node;
		const struct node *path = item->kind == NODE_MAP ? node_find(item, "path") : item;
		const struct node *required = item->kind == NODE_MAP ? node_find(item, "required") : NULL;
		const char *text = path ? node_text(importer, path) : NULL;
		bool must = true;

		if (!path)
			return place_error(&item->at, importer->err, "'path' is missing");
		if (!text || (required && node_flag(importer, required, &must) < 0))
			return -1;
		if (environment_read(importer, item, path_found(importer, text), must, pairs) < 0)
			return -1;
	}
	return 0;
}

/* ------------------------------------------------------------ what it has */

static int read_ports(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	(void)row;
	if (node_expect(importer, node, NODE_LIST, "a list of ports") < 0)
		return -1;
	for (size_t i = 0; i < node->count; i++)
		if (convert_port(importer, node->items[i], target) < 0)
			return -1;
	return 0;
}

static int each_mount(struct importer *importer, const struct node *node, struct compose_service *service,
		      int (*add)(struct importer *, struct compose_service *, const struct node *))
{
	if (node_expect(importer, node, NODE_LIST, "a list") < 0)
		return -1;
	for (size_t i = 0; i < node->count; i++)
		if (add(importer, service, node->items[i]) < 0)
			return -1;
	return 0;
}

static int add_config(struct importer *importer, struct compose_service *service, const struct node *node)
{
	return mounts_config(importer, service, node, false);
}

static int add_secret(struct importer *importer, struct compose_service *service, const struct node *node)
{
	return mounts_config(importer, service, node, true);
}

/* Rows with offset 0 are given the service itself. */
static int read_volumes(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	(void)row;
	return each_mount(importer, node, target, mounts_volume);
}

static int read_configs(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	(void)row;
	return each_mount(importer, node, target, add_config);
}

static int read_secrets(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	(void)row;
	return each_mount(importer, node, target, add_secret);
}

/* "/dev/fuse:/dev/fuse:rwm", or CDI's words, which need a runtime of their own. */
static int read_devices(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	(void)row;
	if (node_expect(importer, node, NODE_LIST, "a list of devices") < 0)
		return -1;
	for (size_t i = 0; i < node->count; i++) {
		const char *text = node_text(importer, node->items[i]), *colon;
		struct manifest_device ignored = { 0 };
		const char *path, *inside;

		if (!text)
			return -1;
		colon = strchrnul(text, ':');
		path = arena_strndup(importer->arena, text, (size_t)(colon - text));
		inside = *colon ? arena_strndup(importer->arena, colon + 1, strcspn(colon + 1, ":")) : path;
		if (strcmp(path, inside) != 0 || manifest_device_short(path, importer->arena, &ignored))
			importer_note(importer, node->items[i], "the device '%s'; see 'devices'", text_shown(text, importer->arena));
		else
			list_add(importer, target, path);
	}
	return 0;
}

static int read_ulimits(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	(void)row;
	if (node_expect(importer, node, NODE_MAP, "a mapping of limits") < 0)
		return -1;
	for (size_t i = 0; i < node->count; i++) {
		const struct node *value = node->pairs[i].value;
		const struct node *soft = value->kind == NODE_MAP ? node_find(value, "soft") : value;
		const struct node *hard = value->kind == NODE_MAP ? node_find(value, "hard") : value;
		const char *least = soft ? node_text(importer, soft) : NULL, *most = hard ? node_text(importer, hard) : NULL;

		if (!soft || !hard)
			return place_error(&value->at, importer->err, "a limit has 'soft' and 'hard'");
		if (!least || !most)
			return -1;
		list_add(importer, target, arena_printf(importer->arena, "%s,%s,%s", node->pairs[i].key->value,
							strcmp(least, "-1") == 0 ? "unlimited" : least,
							strcmp(most, "-1") == 0 ? "unlimited" : most));
	}
	return 0;
}

static int read_shm_size(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	struct compose_service *service = target;
	const char *size = convert_size(importer, node);

	(void)row;
	if (!size)
		return -1;
	list_add(importer, &service->tmpfs, arena_printf(importer->arena, "/dev/shm:size=%s,mode=1777", size));
	return 0;
}

/* ------------------------------------------------------------ who it is, and whom it sees */

static int read_user(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	struct compose_service *service = target;
	const char *text = node_text(importer, node), *colon, *uid, *gid;

	(void)row;
	if (!text)
		return -1;
	colon = strchrnul(text, ':');
	uid = arena_strndup(importer->arena, text, (size_t)(colon - text));
	gid = *colon ? colon + 1 : NULL;
	uid = strcmp(uid, "root") == 0 ? "0" : uid;
	gid = gid && strcmp(gid, "root") == 0 ? "0" : gid;
	if (!row_is_number(uid) || (gid && !row_is_number(gid))) {
		importer_note(importer, node, "the user '%s', whom only the image knows; give numbers, or USER in the image",
			      text_shown(text, importer->arena));
		return 0;
	}
	service->uid = uid;
	service->gid = gid;
	return 0;
}

/* "host" is the machine's; the others are as they are here. */
static int read_namespace(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	const char *text = node_text(importer, node);

	(void)row;
	if (!text)
		return -1;
	if (strcmp(text, "host") == 0)
		*(const char **)target = "host";
	else if (strcmp(text, "private") != 0 && strcmp(text, "shareable") != 0)
		importer_note(importer, node, "the namespace '%s'", text_shown(text, importer->arena));
	return 0;
}

static int read_network_mode(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	const char *text = node_text(importer, node);

	(void)row;
	if (!text)
		return -1;
	if (strcmp(text, "none") == 0)
		*(const char **)target = "none";
	else if (strcmp(text, "host") != 0 && strcmp(text, "bridge") != 0 && strncmp(text, "service:", 8) != 0)
		importer_note(importer, node, "the network '%s': all services share the machine's", text_shown(text, importer->arena));
	return 0;
}

/* What else it is called there. */
static int read_networks(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
		const struct node *network = node->pairs[i].value;
		const struct node *aliases = network->kind == NODE_MAP ? node_find(network, "aliases") : NULL;

		if (aliases && row_names(importer, aliases, row, target) < 0)
			return -1;
		if (network->kind == NODE_MAP && network->count > (aliases != NULL))
			importer_note(importer, network, "all services share the machine's network: only 'aliases' mean something here");
	}
	return 0;
}

/* "service:alias" */
static int read_links(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	struct compose_list links = { 0 };

	if (row_list(importer, node, row, &links) < 0)
		return -1;
	for (size_t i = 0; i < links.count; i++) {
		const char *alias = strchr(links.items[i], ':');
		const struct node name = { .kind = NODE_STRING, .at = node->at, .value = alias ? alias + 1 : "" };

		if (alias && row_names(importer, &name, row, target) < 0)
			return -1;
	}
	return 0;
}

/* "name:address", "name=address", or a mapping. */
static int read_extra_hosts(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	struct compose_list lines = { 0 };

	(void)target;
	for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
		const char *address = node_text(importer, node->pairs[i].value);

		if (!address)
			return -1;
		list_add(importer, &lines, arena_printf(importer->arena, "%s=%s", node->pairs[i].key->value, address));
	}
	if (node->kind != NODE_MAP && row_list(importer, node, row, &lines) < 0)
		return -1;
	for (size_t i = 0; i < lines.count; i++) {
		size_t length = strcspn(lines.items[i], "=:");
		const char *name = arena_strndup(importer->arena, lines.items[i], length);
		const char *address = lines.items[i] + length + (lines.items[i][length] != '\0');

		if (address[strspn(address, "0123456789abcdefABCDEF.:")] != '\0' || !*address || value_hostname(name, importer->arena))
			importer_note(importer, node, "the host '%s': expected a name and its address",
				      text_shown(lines.items[i], importer->arena));
		else
			list_add(importer, &importer->hosts, arena_printf(importer->arena, "%s %s", address, name));
	}
	return 0;
}

static int read_security(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	struct compose_service *service = target;
	struct compose_list options = { 0 };

	if (row_list(importer, node, row, &options) < 0)
		return -1;
	for (size_t i = 0; i < options.count; i++) {
		const char *option = options.items[i];

		if (strncmp(option, "no-new-privileges", 17) == 0)
			service->no_new_privileges = !strstr(option, "false");
		else if (strcmp(option, "seccomp:unconfined") == 0 || strcmp(option, "seccomp=unconfined") == 0)
			service->seccomp = "unconfined";
		else
			importer_note(importer, node, "'%s'", text_shown(option, importer->arena));
	}
	return 0;
}

/* ------------------------------------------------------------ the table */

static const char elsewhere[] = "this is a matter of Docker's daemon";
static const char no_windows[] = "this is of Windows";
static const char shared_network[] = "the machine has one network; see 'network'";

static const struct row service_rows[] = {
	{ "image", row_text, SERVICE(image), NULL },
	{ "build", read_build, SERVICE(build), NULL },
	{ "entrypoint", row_words, SERVICE(command), NULL },
	{ "command", row_words, SERVICE(args), NULL },
	{ "environment", row_pairs, SERVICE(env), NULL },
	{ "env_file", NULL, 0, NULL },		/* before `environment`: service_read() */
	{ "ports", read_ports, SERVICE(ports), NULL },
	{ "expose", NULL, 0, NULL },
	{ "volumes", read_volumes, 0, NULL },
	{ "configs", read_configs, 0, NULL },
	{ "secrets", read_secrets, 0, NULL },
	{ "tmpfs", row_list, SERVICE(tmpfs), NULL },
	{ "depends_on", row_depends_on, 0, NULL },
	{ "healthcheck", row_healthcheck, 0, NULL },
	{ "restart", row_restart, SERVICE(restart), NULL },
	{ "stop_signal", row_text, SERVICE(stop_signal), NULL },
	{ "stop_grace_period", row_duration, SERVICE(stop_timeout), NULL },
	{ "working_dir", row_text, SERVICE(cwd), NULL },
	{ "user", read_user, 0, NULL },
	{ "group_add", row_list, SERVICE(groups), NULL },
	{ "cap_add", row_list, SERVICE(cap_add), NULL },
	{ "cap_drop", row_list, SERVICE(cap_drop), NULL },
	{ "privileged", row_flag, SERVICE(privileged), NULL },
	{ "security_opt", read_security, 0, NULL },
	{ "read_only", row_flag, SERVICE(readonly), NULL },
	{ "devices", read_devices, SERVICE(devices), NULL },
	{ "ulimits", read_ulimits, SERVICE(rlimits), NULL },
	{ "sysctls", row_pairs, SERVICE(sysctl), NULL },
	{ "labels", row_pairs, SERVICE(annotations), NULL },
	{ "annotations", row_pairs, SERVICE(annotations), NULL },
	{ "hostname", row_text, SERVICE(hostname), NULL },
	{ "container_name", row_names, SERVICE(names), NULL },
	{ "networks", read_networks, SERVICE(names), NULL },
	{ "links", read_links, SERVICE(names), NULL },
	{ "extra_hosts", read_extra_hosts, 0, NULL },
	{ "network_mode", read_network_mode, SERVICE(net), NULL },
	{ "pid", read_namespace, SERVICE(pid), NULL },
	{ "ipc", read_namespace, SERVICE(ipc), NULL },
	{ "uts", read_namespace, SERVICE(uts), NULL },
	{ "mem_limit", row_size, SERVICE(memory), NULL },
	{ "mem_reservation", row_size, SERVICE(memory_low), NULL },
	{ "cpus", row_limit, SERVICE(cpu), NULL },
	{ "cpu_shares", row_cpu_shares, SERVICE(cpu_weight), NULL },
	{ "pids_limit", row_limit, SERVICE(pids), NULL },
	{ "oom_score_adj", row_text, SERVICE(oom_score), NULL },
	{ "shm_size", read_shm_size, 0, NULL },
	{ "deploy", row_deploy, 0, NULL },
	{ "scale", row_replicas, 0, NULL },
	/* of no effect: who looks at the file finds them kept */
	{ "profiles", NULL, 0, NULL }, { "pull_policy", NULL, 0, NULL }, { "attach", NULL, 0, NULL }, { "develop", NULL, 0, NULL },
	{ "stdin_open", NULL, 0, NULL }, { "userns_mode", NULL, 0, NULL }, { "label_file", NULL, 0, NULL },
	/* not kept */
	{ "tty", NULL, 0, "a service writes to the log; see 'tty' for one of the machine's" },
	{ "init", NULL, 0, "the program is the first process of its container" },
	{ "logging", NULL, 0, "see 'log' and 'logging'" },
	{ "platform", NULL, 0, "the machine has one" },
	{ "domainname", NULL, 0, "a name has no domain here" },
	{ "dns", NULL, 0, shared_network }, { "dns_opt", NULL, 0, shared_network }, { "dns_search", NULL, 0, shared_network },
	{ "mac_address", NULL, 0, shared_network },
	{ "memswap_limit", NULL, 0, "see 'swap', which counts swap alone" },
	{ "mem_swappiness", NULL, 0, "cgroup v2 has nothing like it" },
	{ "oom_kill_disable", NULL, 0, "cgroup v2 has nothing like it" },
	{ "cpuset", NULL, 0, "see 'resources'" }, { "cpu_quota", NULL, 0, "see 'cpu'" }, { "cpu_period", NULL, 0, "see 'cpu'" },
	{ "cpu_count", NULL, 0, no_windows }, { "cpu_percent", NULL, 0, no_windows }, { "isolation", NULL, 0, no_windows },
	{ "credential_spec", NULL, 0, no_windows },
	{ "cpu_rt_runtime", NULL, 0, "cgroup v2 has nothing like it" }, { "cpu_rt_period", NULL, 0, "cgroup v2 has nothing like it" },
	{ "blkio_config", NULL, 0, "see 'io_weight' and 'io_max'" },
	{ "cgroup", NULL, 0, "a service has a cgroup of its own" }, { "cgroup_parent", NULL, 0, "a service has a cgroup of its own" },
	{ "device_cgroup_rules", NULL, 0, "see 'resources'" }, { "gpus", NULL, 0, "see 'devices'" },
	{ "runtime", NULL, 0, elsewhere }, { "storage_opt", NULL, 0, elsewhere }, { "external_links", NULL, 0, elsewhere },
	{ "volumes_from", NULL, 0, "name its volumes here, too" },
	{ "post_start", NULL, 0, "there are no such hooks" }, { "pre_stop", NULL, 0, "there are no such hooks" },
	{ "provider", NULL, 0, elsewhere }, { "models", NULL, 0, elsewhere }, { "use_api_socket", NULL, 0, elsewhere },
};

static int unknown_key(struct importer *importer, const struct node *key, const struct row *rows, size_t count)
{
	const char **known = arena_array(importer->arena, count + 1, sizeof(*known));
	const char *nearest;

	for (size_t i = 0; i < count; i++)
		known[i] = rows[i].key;
	nearest = option_nearest(key->value, known);
	return place_error(&key->at, importer->err, "unknown key '%s'%s%s%s", text_shown(key->value, importer->arena),
			   nearest ? "; did you mean '" : "; the compose specification has no such key here", nearest ? nearest : "",
			   nearest ? "'?" : "");
}

int rows_read(struct importer *importer, const struct node *node, const struct row *rows, size_t count, void *target)
{
	if (node_expect(importer, node, NODE_MAP, "a mapping") < 0)
		return -1;
	for (size_t i = 0; i < node->count; i++) {
		const struct node *key = node->pairs[i].key;
		size_t r = 0;

		if (strncmp(key->value, "x-", 2) == 0)
			continue;
		while (r < count && strcmp(rows[r].key, key->value) != 0)
			r++;
		if (r == count)
			return unknown_key(importer, key, rows, count);
		if (rows[r].note)
			importer_note(importer, key, "%s: %s", key->value, rows[r].note);
		if (rows[r].read && node->pairs[i].value->kind != NODE_NULL &&
		    rows[r].read(importer, node->pairs[i].value, &rows[r], (char *)target + rows[r].offset) < 0)
			return -1;
	}
	return 0;
}

int service_read(struct importer *importer, const struct node *node, struct compose_service *service)
{
	const struct node *files, *extends;

	if (node_expect(importer, node, NODE_MAP, "a mapping") < 0)
		return -1;
	extends = node_find(node, "extends");
	if (extends)
		return place_error(&extends->at, importer->err, "'extends' is not read; write the keys of the other service here, or as an anchor");
	files = node_find(node, "env_file");
	if (files && read_env_files(importer, files, NULL, &service->env) < 0)
		return -1;
	if (rows_read(importer, node, service_rows, ARRAY_SIZE(service_rows), service) < 0)
		return -1;
	if (!service->image && !service->build.set)
		return place_error(&node->at, importer->err, "neither 'image' nor 'build'; add one of them");
	return 0;
}
