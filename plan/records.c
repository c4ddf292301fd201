/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/records.h"

#include <stdio.h>
#include <string.h>

#include "base/cron.h"
#include "base/path.h"

static const char *const root_types[] = { "initramfs", "squashfs", "erofs", NULL };
static const char *const failures[] = { "poweroff", "reboot", "continue", "shell", NULL };
static const char *const control_execs[] = { "none", "services", "host", NULL };
static const char *const reboots[] = { "firmware", "kexec", NULL };
static const char *const poweroffs[] = { "firmware", "restart", NULL };
static const char *const lockdowns[] = { "none", "integrity", "confidentiality", NULL };
const char *const plan_stage_names[] = { "onboot", "services", "onshutdown", "emergency", NULL };
static const char *const restarts[] = { "never", "on-failure", "always", NULL };
static const char *const exits[] = { "ignore", "poweroff", "reboot", NULL };
static const char *const readies[] = { "exec", "fd", "notify", "probe", NULL };
static const char *const ooms[] = { "kill-process", "kill-service", "reboot", NULL };
static const char *const purposes[] = { "ready", "health", NULL };
static const char *const probes[] = { "exec", "tcp", "http", NULL };
static const char *const ills[] = { "restart", "reboot", "ignore", NULL };
static const char *const log_policies[] = { "wait", "drop", NULL };
static const char *const log_syncs[] = { "never", "interval", "always", NULL };
static const char *const protocols[] = { "udp", "tcp", NULL };
static const char *const formats[] = { "rfc5424", "json", NULL };
static const char *const namespaces[] = { "cgroup", "ipc", "mnt", "net", "pid", "user", "uts", "time", NULL };

static const char *const link_kinds[] = { "device", "vlan", "bridge", "bond", "dummy", "veth", "wireguard", NULL };
static const char *const bond_modes[] = { "balance-rr",  "active-backup", "balance-xor", "broadcast", "802.3ad",
					  "balance-tlb", "balance-alb",   NULL };
static const char *const lacp_rates[] = { "slow", "fast", NULL };
static const char *const dhcps[] = { "no", "ipv4", "ipv6", "both", NULL };

static const char *restart_fallback(const void *record, char scratch[PLAN_SCRATCH])
{
	const struct plan_container *c = record;

	(void)scratch;
	return c->stage == PLAN_SERVICES ? "always" : "never";
}

static const char *cgroup_fallback(const void *record, char scratch[PLAN_SCRATCH])
{
	const struct plan_container *c = record;

	(void)snprintf(scratch, PLAN_SCRATCH, "%s/%s", plan_stage_names[c->stage], c->name);
	return scratch;
}

#define HOUR 3600000u		/* in milliseconds */
#define AT(struct_, member) .offset = offsetof(struct struct_, member)

#define LOG_FIELDS(struct_)                                                                                          \
	{ "log_memory", PLAN_NUMBER, AT(struct_, log.memory), .fallback = "256", .max = 65536 },                   \
	{ "log_file_size", PLAN_NUMBER, AT(struct_, log.file_size), .fallback = "0", .max = 1u << 22 },            \
	{ "log_file_count", PLAN_NUMBER, AT(struct_, log.file_count), .fallback = "5", .max = 100 },               \
	{ "log_sync", PLAN_ENUM, AT(struct_, log.sync), .fallback = "interval", .words = log_syncs }

static const struct plan_field machine_fields[] = {
	{ "hostname", PLAN_NAME, AT(plan_machine, hostname), .fallback = "slipway" },
	{ "root_type", PLAN_WORD, AT(plan_machine, root_type), .required = true, .words = root_types },
	{ "root_source", PLAN_TEXT, AT(plan_machine, root_source) },
	{ "root_verity", PLAN_BOOL, AT(plan_machine, root_verity), .fallback = "false" },
	{ "root_timeout", PLAN_NUMBER, AT(plan_machine, root_timeout), .fallback = "30", .max = 3600 },
	{ "on_failure", PLAN_WORD, AT(plan_machine, on_failure), .fallback = "poweroff", .words = failures },
	{ "control_exec", PLAN_ENUM, AT(plan_machine, control_exec), .fallback = "services", .words = control_execs },
	{ "control_vsock", PLAN_BOOL, AT(plan_machine, control_vsock), .fallback = "false" },
	{ "metrics_port", PLAN_NUMBER, AT(plan_machine, metrics_port), .fallback = "0", .max = 65535 },
	{ "network", PLAN_BOOL, AT(plan_machine, network), .fallback = "false" },
	{ "network_wait", PLAN_NUMBER, AT(plan_machine, network_wait), .fallback = "30000", .max = 3600000 },
	{ "forwarding", PLAN_BOOL, AT(plan_machine, forwarding), .fallback = "false" },
	{ "dns", PLAN_LIST, AT(plan_machine, dns) },
	{ "search", PLAN_LIST, AT(plan_machine, search) },
	{ "reboot", PLAN_WORD, AT(plan_machine, reboot), .fallback = "firmware", .words = reboots },
	{ "poweroff", PLAN_WORD, AT(plan_machine, poweroff), .fallback = "firmware", .words = poweroffs },
	{ "hotplug", PLAN_BOOL, AT(plan_machine, hotplug), .fallback = "false" },
	{ "lockdown", PLAN_WORD, AT(plan_machine, lockdown), .fallback = "none", .words = lockdowns },
	{ "machine_id", PLAN_NAME, AT(plan_machine, machine_id) },
	{ "rtc", PLAN_NAME, AT(plan_machine, rtc), .fallback = "utc" },
	{ "built", PLAN_NUMBER, AT(plan_machine, built), .fallback = "0", .max = UINT32_MAX },
	{ "watchdog", PLAN_FILE, AT(plan_machine, watchdog) },
	{ "watchdog_timeout", PLAN_NUMBER, AT(plan_machine, watchdog_timeout), .fallback = "30", .max = 3600 },
	{ "watchdog_shutdown", PLAN_NUMBER, AT(plan_machine, watchdog_shutdown), .fallback = "600", .max = 3600 },
	LOG_FIELDS(plan_machine),
	{ "test", PLAN_NAME, AT(plan_machine, test) },
	{ "artifact", PLAN_LIST, AT(plan_machine, artifacts) },
	{ 0 },
};

static const struct plan_field module_fields[] = {
	{ "path", PLAN_FILE, AT(plan_module, path), .required = true },
	{ "parameters", PLAN_TEXT, AT(plan_module, parameters) },
	{ "optional", PLAN_BOOL, AT(plan_module, optional), .fallback = "false" },
	{ 0 },
};

static const struct plan_field sysctl_fields[] = {
	{ "key", PLAN_RELATIVE, AT(plan_sysctl, key), .required = true },
	{ "value", PLAN_TEXT, AT(plan_sysctl, value), .required = true },
	{ 0 },
};

static const struct plan_field link_fields[] = {
	{ "name", PLAN_NAME, AT(plan_link, name), .required = true },
	{ "kind", PLAN_ENUM, AT(plan_link, kind), .fallback = "device", .words = link_kinds },
	{ "match_name", PLAN_TEXT, AT(plan_link, match_name) },
	{ "match_mac", PLAN_TEXT, AT(plan_link, match_mac) },
	{ "match_driver", PLAN_NAME, AT(plan_link, match_driver) },
	{ "on", PLAN_NAME, AT(plan_link, on) },
	{ "vlan", PLAN_NUMBER, AT(plan_link, vlan), .fallback = "0", .max = 4094 },
	{ "peer", PLAN_NAME, AT(plan_link, peer) },
	{ "stp", PLAN_BOOL, AT(plan_link, stp), .fallback = "false" },
	{ "vlan_filtering", PLAN_BOOL, AT(plan_link, vlan_filtering), .fallback = "false" },
	{ "bond_mode", PLAN_WORD, AT(plan_link, bond_mode), .fallback = "balance-rr", .words = bond_modes },
	{ "lacp_rate", PLAN_WORD, AT(plan_link, lacp_rate), .words = lacp_rates },
	{ "miimon", PLAN_NUMBER, AT(plan_link, miimon), .fallback = "100", .max = 3600000 },
	{ "master", PLAN_NAME, AT(plan_link, master) },
	{ "mac", PLAN_TEXT, AT(plan_link, mac) },
	{ "mtu", PLAN_NUMBER, AT(plan_link, mtu), .fallback = "0", .max = 65535 },
	{ "up", PLAN_BOOL, AT(plan_link, up), .fallback = "true" },
	{ "address", PLAN_LIST, AT(plan_link, addresses) },
	{ "accept_ra", PLAN_BOOL, AT(plan_link, accept_ra), .fallback = "false" },
	{ "dhcp", PLAN_ENUM, AT(plan_link, dhcp), .fallback = "no", .words = dhcps },
	{ "optional", PLAN_BOOL, AT(plan_link, optional), .fallback = "false" },
	{ 0 },
};

static const struct plan_field route_fields[] = {
	{ "to", PLAN_TEXT, AT(plan_route, to), .required = true },
	{ "via", PLAN_TEXT, AT(plan_route, via) },
	{ "metric", PLAN_NUMBER, AT(plan_route, metric), .fallback = "0", .max = 4294967295u },
	{ "table", PLAN_NUMBER, AT(plan_route, table), .fallback = "0", .max = 4294967295u },
	{ "onlink", PLAN_BOOL, AT(plan_route, onlink), .fallback = "false" },
	{ 0 },
};

static const struct plan_field remote_fields[] = {
	{ "protocol", PLAN_ENUM, AT(plan_remote, protocol), .required = true, .words = protocols },
	{ "host", PLAN_NAME, AT(plan_remote, host), .required = true },
	{ "port", PLAN_NUMBER, AT(plan_remote, port), .fallback = "514", .max = 65535 },
	{ "format", PLAN_ENUM, AT(plan_remote, format), .fallback = "rfc5424", .words = formats },
	{ 0 },
};

static const struct plan_field container_fields[] = {
	{ "stage", PLAN_ENUM, AT(plan_container, stage), .required = true, .words = plan_stage_names },
	{ "name", PLAN_NAME, AT(plan_container, name), .required = true },
	{ "bundle", PLAN_FILE, AT(plan_container, bundle), .required = true },
	{ "filter", PLAN_FILE, AT(plan_container, filter) },
	{ "restart", PLAN_ENUM, AT(plan_container, restart), .fallback_of = restart_fallback, .words = restarts },
	{ "restart_max", PLAN_NUMBER, AT(plan_container, restart_max), .fallback = "0", .max = 1000000 },
	{ "ignore_failure", PLAN_BOOL, AT(plan_container, ignore_failure), .fallback = "false" },
	{ "on_exit", PLAN_ENUM, AT(plan_container, on_exit), .fallback = "ignore", .words = exits },
	{ "stop_signal", PLAN_NAME, AT(plan_container, stop_signal), .fallback = "SIGTERM" },
	/* A day; the machine's own shutdown waits for the longest of them. */
	{ "stop_timeout", PLAN_NUMBER, AT(plan_container, stop_timeout), .fallback = "10000", .max = 86400000 },
	{ "new_pid", PLAN_BOOL, AT(plan_container, new_pid), .fallback = "false" },
	{ "cgroup", PLAN_RELATIVE, AT(plan_container, cgroup), .fallback_of = cgroup_fallback },
	{ "log_console", PLAN_BOOL, AT(plan_container, log.console), .fallback = "true" },
	LOG_FIELDS(plan_container),
	{ "log_policy", PLAN_ENUM, AT(plan_container, log.policy), .fallback = "wait", .words = log_policies },
	{ "log_kmsg", PLAN_BOOL, AT(plan_container, log.kmsg), .fallback = "false" },
	{ "tty", PLAN_NAME, AT(plan_container, tty) },
	{ "timeout", PLAN_NUMBER, AT(plan_container, timeout), .fallback = "0", .max = 86400000 },
	{ "after", PLAN_LIST, AT(plan_container, after) },
	{ "requires", PLAN_LIST, AT(plan_container, requires) },
	{ "oneshot", PLAN_BOOL, AT(plan_container, oneshot), .fallback = "false" },
	{ "ready", PLAN_ENUM, AT(plan_container, ready), .fallback = "exec", .words = readies },
	{ "ready_fd", PLAN_NUMBER, AT(plan_container, ready_fd), .fallback = "3", .max = PLAN_READY_FD_MAX },
	{ "ready_timeout", PLAN_NUMBER, AT(plan_container, ready_timeout), .fallback = "60000", .max = 3600000 },
	{ "critical", PLAN_BOOL, AT(plan_container, critical), .fallback = "false" },
	{ "watchdog", PLAN_NUMBER, AT(plan_container, watchdog), .fallback = "0", .max = HOUR },
	{ "restart_delay", PLAN_NUMBER, AT(plan_container, restart_delay), .fallback = "100", .max = HOUR },
	{ "restart_delay_max", PLAN_NUMBER, AT(plan_container, restart_delay_max), .fallback = "30000", .max = HOUR },
	{ "restart_reset", PLAN_NUMBER, AT(plan_container, restart_reset), .fallback = "10000", .max = HOUR },
	{ "every", PLAN_NUMBER, AT(plan_container, every), .fallback = "0", .max = 30u * 24 * HOUR },
	{ "cron", PLAN_TIMES, AT(plan_container, cron) },
	{ "oom", PLAN_ENUM, AT(plan_container, oom), .fallback = "kill-process", .words = ooms },
	{ 0 },
};

static const struct plan_field mkdir_fields[] = {
	{ "path", PLAN_FILE, AT(plan_prepare, path), .required = true },
	{ 0 },
};

static const struct plan_field mount_fields[] = {
	{ "path", PLAN_FILE, AT(plan_prepare, path), .required = true },
	{ "type", PLAN_TEXT, AT(plan_prepare, type) },
	{ "source", PLAN_TEXT, AT(plan_prepare, source) },
	{ "option", PLAN_LIST, AT(plan_prepare, options) },
	{ 0 },
};

static const struct plan_field bind_namespace_fields[] = {
	{ "path", PLAN_FILE, AT(plan_prepare, path), .required = true },
	{ "type", PLAN_WORD, AT(plan_prepare, namespace_type), .required = true, .words = namespaces },
	{ 0 },
};

static const struct plan_field interface_fields[] = {
	{ "name", PLAN_NAME, AT(plan_prepare, name), .required = true },
	{ "add", PLAN_NAME, AT(plan_prepare, add) },
	{ "peer", PLAN_NAME, AT(plan_prepare, peer) },
	{ "create_in_root", PLAN_BOOL, AT(plan_prepare, create_in_root), .fallback = "false" },
	{ 0 },
};

static const struct plan_field cgroup_fields[] = {
	{ "path", PLAN_RELATIVE, AT(plan_prepare, path), .required = true },
	{ 0 },
};

static const struct plan_field io_max_fields[] = {
	{ "path", PLAN_FILE, AT(plan_prepare, path), .required = true },
	{ "limits", PLAN_TEXT, AT(plan_prepare, source), .required = true },
	{ 0 },
};

static const struct plan_field credential_fields[] = {
	{ "name", PLAN_NAME, AT(plan_prepare, name), .required = true },
	{ "source", PLAN_FILE, AT(plan_prepare, source) },
	{ "optional", PLAN_BOOL, AT(plan_prepare, optional), .fallback = "false" },
	{ "uid", PLAN_NUMBER, AT(plan_prepare, uid), .fallback = "0", .max = UINT32_MAX - 1 },
	{ "gid", PLAN_NUMBER, AT(plan_prepare, gid), .fallback = "0", .max = UINT32_MAX - 1 },
	{ 0 },
};

static const struct plan_field probe_fields[] = {
	{ "for", PLAN_ENUM, AT(plan_probe, purpose), .required = true, .words = purposes },
	{ "kind", PLAN_ENUM, AT(plan_probe, kind), .required = true, .words = probes },
	{ "command", PLAN_LIST, AT(plan_probe, command) },
	{ "address", PLAN_TEXT, AT(plan_probe, address), .fallback = "127.0.0.1" },
	{ "port", PLAN_NUMBER, AT(plan_probe, port), .fallback = "80", .max = 65535 },
	{ "path", PLAN_FILE, AT(plan_probe, path), .fallback = "/" },
	{ "host", PLAN_TEXT, AT(plan_probe, host) },
	{ "status", PLAN_NUMBER, AT(plan_probe, status), .fallback = "0", .max = 999 },
	{ "interval", PLAN_NUMBER, AT(plan_probe, interval), .fallback = "1000", .max = HOUR },
	{ "timeout", PLAN_NUMBER, AT(plan_probe, timeout), .fallback = "5000", .max = HOUR },
	{ "retries", PLAN_NUMBER, AT(plan_probe, retries), .fallback = "3", .max = 1000 },
	{ "start_period", PLAN_NUMBER, AT(plan_probe, start_period), .fallback = "0", .max = HOUR },
	{ "action", PLAN_ENUM, AT(plan_probe, action), .fallback = "restart", .words = ills },
	{ 0 },
};

#define ARRAY_OF(struct_, member) sizeof(struct struct_), offsetof(struct plan, member), offsetof(struct plan, member##_count)
#define PREPARE(kind) ARRAY_OF(plan_prepare, prepares), kind, true, offsetof(struct plan_prepare, container)
#define ALONE 0, false, 0

const struct plan_record plan_records[] = {
	{ "machine", machine_fields, sizeof(struct plan_machine), offsetof(struct plan, machine), 0, ALONE },
	{ "module", module_fields, ARRAY_OF(plan_module, modules), ALONE },
	{ "sysctl", sysctl_fields, ARRAY_OF(plan_sysctl, sysctls), ALONE },
	{ "storage", plan_storage_fields, ARRAY_OF(plan_storage, storage), ALONE },
	{ "link", link_fields, ARRAY_OF(plan_link, links), ALONE },
	{ "route", route_fields, ARRAY_OF(plan_route, routes), ALONE },
	{ "log-remote", remote_fields, ARRAY_OF(plan_remote, remotes), ALONE },
	{ "container", container_fields, ARRAY_OF(plan_container, containers), ALONE },
	{ "mkdir", mkdir_fields, PREPARE(PLAN_MKDIR) },
	{ "mount", mount_fields, PREPARE(PLAN_MOUNT) },
	{ "bind-namespace", bind_namespace_fields, PREPARE(PLAN_BIND_NAMESPACE) },
	{ "network", mkdir_fields, PREPARE(PLAN_NETWORK) },
	{ "interface", interface_fields, PREPARE(PLAN_INTERFACE) },
	{ "cgroup", cgroup_fields, PREPARE(PLAN_CGROUP) },
	{ "io-max", io_max_fields, PREPARE(PLAN_IO_MAX) },
	{ "credential", credential_fields, PREPARE(PLAN_CREDENTIAL) },
	{ "probe", probe_fields, ARRAY_OF(plan_probe, probes), 0, true, offsetof(struct plan_probe, container) },
	{ 0 },
};

const char *plan_fallback(const struct plan_field *field, const void *record, char scratch[PLAN_SCRATCH])
{
	return field->fallback_of ? field->fallback_of(record, scratch) : field->fallback;
}

int plan_word(const char *const *words, const char *text)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	return -1;
}

static bool is_times(const char *text)
{
	struct cron ignored;

	return !cron_parse(text, strlen(text), &ignored);
}

static bool is_number(const char *text, uint64_t max)
{
	uint64_t n = 0;

	if (*text == '\0' || strlen(text) > 19)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (uint64_t)(*text - '0');
	}
	return n <= max;
}

bool plan_check(const struct plan_field *field, const char *text, const char **expected)
{
	switch (field->type) {
	case PLAN_TEXT:
	case PLAN_LIST:
		return true;
	case PLAN_FILE:
		*expected = "an absolute path";
		return text[0] == '/';
	case PLAN_NAME:
		*expected = "a name without a slash";
		return *text && strlen(text) <= PLAN_NAME_MAX && !strchr(text, '/');
	case PLAN_RELATIVE:
		*expected = "a relative path without '..'";
		return *text && *text != '/' && !path_escapes(text);
	case PLAN_WORD:
	case PLAN_ENUM:
		*expected = "one of the words of this field";
		return plan_word(field->words, text) >= 0;
	case PLAN_NUMBER:
		*expected = "a number within the limit";
		return is_number(text, field->max);
	case PLAN_SIZE:
		*expected = "a number of bytes";
		return is_number(text, PLAN_SIZE_MAX);
	case PLAN_TIMES:
		*expected = "times as of crontab(5)";
		return is_times(text);
	case PLAN_BOOL:
		*expected = "true or false";
		return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
	}
	return false;
}
