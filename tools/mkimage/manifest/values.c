/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/manifest/values.h"

#include <ctype.h>
#include <string.h>

#include "base/option.h"
#include "base/path.h"
#include "tools/mkimage/manifest/node.h"

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define WORD   LOWER UPPER DIGITS

#define HOSTNAME_MAX  64 /* sethostname(2) */
#define INTERFACE_MAX 15 /* IFNAMSIZ, with its NUL */
#define TTY_MAX       31
#define CMDLINE_MAX   2047 /* COMMAND_LINE_SIZE of x86 and arm64, with its NUL */

static const char *too_long(const char *value, size_t max, struct arena *arena)
{
	return arena_printf(arena, "'%s' has %zu characters; at most %zu are allowed",
			    text_shown(value, arena), strlen(value), max);
}

/* Only characters of `allowed`; `what` names them. */
static const char *only(const char *value, const char *allowed, size_t max, const char *what,
			struct arena *arena)
{
	if (*value == '\0')
		return "is empty; give it a value";
	if (value[strspn(value, allowed)] != '\0')
		return arena_printf(arena, "'%s' may only have %s", text_shown(value, arena), what);
	return strlen(value) > max ? too_long(value, max, arena) : NULL;
}

const char *value_name(const char *value, struct arena *arena)
{
	const char *problem =
		only(value, WORD "_.-", MANIFEST_NAME_MAX, "letters, digits, '_', '.' and '-'", arena);

	/* It becomes the name of a directory, of a cgroup and an argument of commands. */
	if (!problem && (*value == '.' || *value == '-'))
		return arena_printf(arena, "'%s' must begin with a letter, a digit or '_'", value);
	return problem;
}

const char *value_volume_name(const char *value, struct arena *arena)
{
	return only(value, LOWER DIGITS "_-", MANIFEST_NAME_MAX, "lower-case letters, digits, '_' and '-'",
		    arena);
}

const char *value_image(const char *value, struct arena *arena)
{
	if (*value == '\0')
		return "is empty; give the reference of an image, such as 'redis:7'";
	if (value[strcspn(value, " \t\r\n\\'\"")] != '\0')
		return arena_printf(arena,
				    "'%s' is not the reference of an image; expected 'name[:tag][@digest]'",
				    text_shown(value, arena));
	return strlen(value) > 512 ? too_long(value, 512, arena) : NULL;
}

const char *value_image_prefix(const char *value, struct arena *arena)
{
	size_t length = strlen(value), host = strcspn(value, "/"), colon = *value == '[' ? length : strcspn(value, ":");
	const char *problem = length ? only(value, WORD "._-:/[]", 512, "letters, digits, '.', '_', '-', '/' and a port", arena) : NULL;

	if (problem)
		return problem;
	if (*value == '/' || (length && value[length - 1] == '/') || strstr(value, "//"))
		return arena_printf(arena, "'%s' has an empty component; write it like 'registry.example/app', without a '/' at the end",
				    text_shown(value, arena));
	if (colon < length && colon > host)
		return arena_printf(arena, "'%s' has a tag; rules are about all tags of 'REGISTRY/REPOSITORY'", text_shown(value, arena));
	if (colon < length && (colon + 1 == host || colon + 1 + strspn(value + colon + 1, DIGITS) != host))
		return arena_printf(arena, "'%s' has no port behind the ':'", text_shown(value, arena));
	return NULL;
}

const char *value_key_file(const char *value, struct arena *arena)
{
	return *value == '\0' ? "is empty; give the file of a public key" : value_line(value, arena);
}

bool value_is_path(const char *value)
{
	return *value == '/' || strcmp(value, ".") == 0 || strcmp(value, "..") == 0 || strncmp(value, "./", 2) == 0 ||
	       strncmp(value, "../", 3) == 0 || strncmp(value, "~/", 2) == 0;
}

const char *value_context(const char *value, struct arena *arena)
{
	if (*value == '\0')
		return "is empty; give the path of a directory, such as './web'";
	if (strstr(value, "://") || strncmp(value, "git@", 4) == 0)
		return arena_printf(arena, "'%s' is not on this machine; fetch it, and name the directory",
				    text_shown(value, arena));
	return value_line(value, arena);
}

const char *value_image_or_path(const char *value, struct arena *arena)
{
	return value_is_path(value) ? value_context(value, arena) : value_image(value, arena);
}

const char *value_hostname(const char *value, struct arena *arena)
{
	const char *problem =
		only(value, WORD "-._", HOSTNAME_MAX, "letters, digits, '-', '_' and '.'", arena);
	const char *edges = "-.";

	/* RFC 1123, 2.1, and the underscore that many use. */
	if (!problem &&
	    (strchr(edges, value[0]) || strchr(edges, value[strlen(value) - 1]) || strstr(value, "..")))
		return arena_printf(
			arena,
			"'%s' begins or ends with '-' or '.', or has '..'; write it like 'web-1.example'",
			value);
	return problem;
}

const char *value_module(const char *value, struct arena *arena)
{
	return only(value, WORD "_-", 64,
		    "letters, digits, '_' and '-': the name without directory and '.ko'", arena);
}

const char *value_interface(const char *value, struct arena *arena)
{
	return only(value, WORD "_.-@", INTERFACE_MAX, "letters, digits, '_', '.', '-' and '@'", arena);
}

const char *value_line(const char *value, struct arena *arena)
{
	if (value[strcspn(value, "\r\n")] != '\0')
		return arena_printf(arena, "'%s' has a line break; write it on one line",
				    text_shown(value, arena));
	return NULL;
}

const char *value_cmdline(const char *value, struct arena *arena)
{
	for (const char *c = value; *c; c++)
		if (iscntrl((unsigned char)*c) && !isspace((unsigned char)*c))
			return arena_printf(arena, "'%s' has a control character; remove it",
					    text_shown(value, arena));
	return strlen(value) > CMDLINE_MAX ? too_long(value, CMDLINE_MAX, arena) : NULL;
}

const char *value_tty(const char *value, struct arena *arena)
{
	return only(value, WORD "_-", TTY_MAX,
		    "letters, digits, '_' and '-': the name below /dev, such as 'ttyS0', or 'console'", arena);
}

const char *value_machine_id(const char *value, struct arena *arena)
{
	if (strlen(value) != 32 || value[strspn(value, DIGITS "abcdef")] != '\0' || strspn(value, "0") == 32)
		return arena_printf(arena, "expected 32 digits of '0' to '9' and 'a' to 'f', not all zero, got '%s'",
				    text_shown(value, arena));
	return NULL;
}

const char *value_inside(const char *value, struct arena *arena)
{
	if (*value == '\0')
		return "is empty; give a path";
	if (path_escapes(value))
		return arena_printf(arena, "'%s' leads above its root; remove the '..'",
				    text_shown(value, arena));
	return NULL;
}

const char *value_absolute(const char *value, struct arena *arena)
{
	if (*value != '/')
		return arena_printf(arena, "expected an absolute path, got '%s'", text_shown(value, arena));
	return value_inside(value, arena);
}

const char *value_file_path(const char *value, struct arena *arena)
{
	const char *problem = value_inside(value, arena);

	if (!problem && *path_clean(arena, value) == '\0')
		return arena_printf(arena, "'%s' is the root itself; give the path of a file in it",
				    text_shown(value, arena));
	return problem;
}

const char *value_artifact(const char *value, struct arena *arena)
{
	const char *problem = value_absolute(value, arena);

	return problem ? problem : value_file_path(value, arena);
}

/* One word of a few; `also` names what else there can be. */
static const char *one_of(const char *value, const char *const *words, const char *also, struct arena *arena)
{
	const char *nearest = option_nearest(value, words), *list = "";

	for (const char *const *w = words; *w; w++) {
		if (strcmp(*w, value) == 0)
			return NULL;
		list = arena_printf(arena, "%s%s'%s'", list,
				    w == words     ? ""
				    : w[1] || also ? ", "
						   : " or ",
				    *w);
	}
	if (nearest)
		return arena_printf(arena, "unknown value '%s'; did you mean '%s'?", text_shown(value, arena),
				    nearest);
	return arena_printf(arena, "expected %s%s%s, got '%s'", list, also ? " or " : "", also ? also : "",
			    text_shown(value, arena));
}

static const char *namespace_of(const char *value, const char *const *words, struct arena *arena)
{
	return *value == '/' ? value_inside(value, arena) : one_of(value, words, "an absolute path", arena);
}

const char *value_net(const char *value, struct arena *arena)
{
	static const char *const words[] = { "new", "none", "host", "root", NULL };

	return namespace_of(value, words, arena);
}

const char *value_namespace(const char *value, struct arena *arena)
{
	static const char *const words[] = { "new", "host", "root", NULL };

	return namespace_of(value, words, arena);
}

const char *value_userns(const char *value, struct arena *arena)
{
	static const char *const words[] = { "auto", "new", "host", "root", NULL };

	return namespace_of(value, words, arena);
}

const char *value_health(const char *value, struct arena *arena)
{
	static const char *const words[] = { "image", "none", NULL };

	return one_of(value, words, "a mapping", arena);
}

const char *value_ill(const char *value, struct arena *arena)
{
	static const char *const words[] = { "restart", "reboot", "ignore", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_oom(const char *value, struct arena *arena)
{
	static const char *const words[] = { "kill-process", "kill-service", "reboot", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_credential(const char *value, struct arena *arena)
{
	const char *problem = only(value, WORD "_.-", 128, "letters, digits, '_', '.' and '-'", arena);

	if (!problem && *value == '.')
		return arena_printf(arena, "'%s' begins with '.'; use another name", text_shown(value, arena));
	return problem;
}

const char *value_propagation(const char *value, struct arena *arena)
{
	static const char *const words[] = { "private", "rprivate", "slave", "rslave",
					     "shared",  "rshared",  NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_on_exit(const char *value, struct arena *arena)
{
	static const char *const words[] = { "ignore", "poweroff", "reboot", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_on_failure(const char *value, struct arena *arena)
{
	static const char *const words[] = { "stop", "continue", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_boot_failure(const char *value, struct arena *arena)
{
	static const char *const words[] = { "poweroff", "reboot", "continue", "shell", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_reboot(const char *value, struct arena *arena)
{
	static const char *const words[] = { "firmware", "kexec", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_panic(const char *value, struct arena *arena)
{
	static const char *const words[] = { "reboot", "halt", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_machine_oom(const char *value, struct arena *arena)
{
	static const char *const words[] = { "kill", "panic", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_lockdown(const char *value, struct arena *arena)
{
	static const char *const words[] = { "none", "integrity", "confidentiality", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_verity(const char *value, struct arena *arena)
{
	static const char *const words[] = { "none", "error", "restart", "panic", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_log_policy(const char *value, struct arena *arena)
{
	static const char *const words[] = { "wait", "drop", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_log_sync(const char *value, struct arena *arena)
{
	static const char *const words[] = { "never", "interval", "always", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_log_format(const char *value, struct arena *arena)
{
	static const char *const words[] = { "rfc5424", "json", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_control_exec(const char *value, struct arena *arena)
{
	static const char *const words[] = { "none", "services", "host", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_seccomp(const char *value, struct arena *arena)
{
	static const char *const words[] = { "default", "unconfined", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_metadata(const char *value, struct arena *arena)
{
	static const char *const words[] = { "json", "yaml", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_format(const char *value, struct arena *arena)
{
	static const char *const words[] = { "filesystem", "oci", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_state_filesystem(const char *value, struct arena *arena)
{
	static const char *const words[] = { "ext4", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_disk_filesystem(const char *value, struct arena *arena)
{
	static const char *const words[] = { "ext4", "ext3",  "ext2",     "xfs",   "btrfs", "vfat",
					     "exfat", "ntfs3", "squashfs", "erofs", "iso9660", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_create(const char *value, struct arena *arena)
{
	static const char *const words[] = { "never", "blank", "overwrite", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_storage_failure(const char *value, struct arena *arena)
{
	static const char *const words[] = { "stop", "continue", "reboot", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_zram_algorithm(const char *value, struct arena *arena)
{
	static const char *const words[] = { "lzo-rle", "lzo", "lz4", "lz4hc", "zstd", "842", "deflate", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_dhcp(const char *value, struct arena *arena)
{
	static const char *const words[] = { "no", "ipv4", "ipv6", "both", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_bond_mode(const char *value, struct arena *arena)
{
	static const char *const words[] = { "balance-rr",  "active-backup", "balance-xor", "broadcast", "802.3ad",
					     "balance-tlb", "balance-alb",   NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_lacp_rate(const char *value, struct arena *arena)
{
	static const char *const words[] = { "slow", "fast", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_device_path(const char *value, struct arena *arena)
{
	return strcmp(value, "all") == 0 ? NULL : value_absolute(value, arena);
}

const char *value_device_type(const char *value, struct arena *arena)
{
	/* mknod(1), and 'a' that is both kinds in a rule for "all" */
	static const char *const words[] = { "c", "b", "p", "u", "a", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_rule_type(const char *value, struct arena *arena)
{
	static const char *const words[] = { "a", "b", "c", NULL };

	return one_of(value, words, NULL, arena);
}

const char *value_access(const char *value, struct arena *arena)
{
	if (*value == '\0' || value[strspn(value, "rwm")] != '\0')
		return arena_printf(arena, "expected letters of 'rwm', got '%s'", text_shown(value, arena));
	return NULL;
}

const char *value_sysctl_key(const char *value, struct arena *arena)
{
	/* Below /proc/sys, with '.' for '/' or the other way round: sysctl(8). An interface's name can hold anything. */
	if (value[0] == '/' || value[0] == '.' || strstr(value, "..") ||
	    value[strcspn(value, " \t\r\n=")] != '\0')
		return arena_printf(arena,
				    "'%s' is not the name of a sysctl; write it like 'net.ipv4.ip_forward'",
				    text_shown(value, arena));
	return NULL;
}
