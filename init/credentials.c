/* SPDX-License-Identifier: Apache-2.0 */
#include "init/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "init/init.h"

#define CMDLINE_BYTES_MAX 65536
#define SMBIOS_BYTES_MAX (1u << 20)
#define SMBIOS_OEM_STRINGS 11
#define SMBIOS_HEADER 4			/* type, length, handle: SMBIOS 3.7, 6.1.2 */

/* ------------------------------------------------------------ base64, RFC 4648 */

static int digit_of(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static bool decode(const char *text, size_t length, struct buffer *out)
{
	unsigned int bits = 0, count = 0;

	while (length > 0 && text[length - 1] == '=')
		length--;
	for (size_t i = 0; i < length; i++) {
		int digit = digit_of(text[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | (unsigned int)digit;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		buffer_add(out, (char[]){ (char)(bits >> count & 0xff) }, 1);
	}
	/* One digit alone is six bits of nothing. */
	return count < 6;
}

static bool take_decoded(const char *value, size_t length, const char *name, struct buffer *out, struct error *err)
{
	if (decode(value, length, out))
		return true;
	(void)error_set(err, "credential '%s': its value is not base64", name);
	return false;
}

/* ------------------------------------------------------------ the places */

/* slipway.credential.NAME=BASE64, a word between blanks. */
bool credential_from_cmdline(const char *cmdline, const char *name, struct buffer *out, struct error *err)
{
	static const char prefix[] = "slipway.credential.";
	size_t n = strlen(name);

	for (const char *word = cmdline; *word; word += strspn(word, " \n")) {
		size_t length = strcspn(word, " \n");
		const char *key = word + sizeof(prefix) - 1;

		if (length > sizeof(prefix) + n && strncmp(word, prefix, sizeof(prefix) - 1) == 0 &&
		    strncmp(key, name, n) == 0 && key[n] == '=')
			return take_decoded(key + n + 1, length - (sizeof(prefix) - 1) - n - 1, name, out, err);
		word += length;
	}
	return false;
}

/* The value of "PREFIX:NAME=VALUE"; NULL where it is another. */
static const char *value_of(const char *string, const char *prefix, const char *name)
{
	size_t p = strlen(prefix), n = strlen(name);

	if (strncmp(string, prefix, p) != 0 || string[p] != ':' || strncmp(string + p + 1, name, n) != 0 ||
	    string[p + 1 + n] != '=')
		return NULL;
	return string + p + 1 + n + 1;
}

static bool from_string(const char *string, const char *name, struct buffer *out, struct error *err)
{
	static const char *const plain[] = { "io.slipway.credential", "io.systemd.credential" };
	static const char *const encoded[] = { "io.slipway.credential.binary", "io.systemd.credential.binary" };
	const char *value;

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		value = value_of(string, plain[i], name);
		if (value) {
			buffer_add_string(out, value);
			return true;
		}
		value = value_of(string, encoded[i], name);
		if (value)
			return take_decoded(value, strlen(value), name, out, err);
	}
	return false;
}

/* Structures one after the other: a formatted part of the length it says, then strings, each with its NUL, and one more NUL. */
bool credential_from_smbios(const unsigned char *table, size_t length, const char *name, struct buffer *out,
			    struct error *err)
{
	const unsigned char *end = table + length;

	while ((size_t)(end - table) >= SMBIOS_HEADER && table[1] >= SMBIOS_HEADER && (size_t)(end - table) > table[1]) {
		unsigned char type = table[0];
		bool strings = false;

		table += table[1];
		while (table < end && *table) {
			const unsigned char *nul = memchr(table, '\0', (size_t)(end - table));

			if (!nul)
				return false;
			if (type == SMBIOS_OEM_STRINGS && from_string((const char *)table, name, out, err))
				return true;
			if (*err->message)
				return false;
			table = nul + 1;
			strings = true;
		}
		/* One without strings has both NULs; one that is cut off may have neither. */
		for (int nuls = strings ? 1 : 2; nuls > 0 && table < end; nuls--)
			table++;
	}
	return false;
}

static bool try_fw_cfg(const struct plan_prepare *p, struct buffer *out, struct error *err)
{
	static const char *const directories[] = { "opt/io.slipway.credentials", "opt/io.systemd.credentials" };
	struct error missing = { 0 };
	char path[512];

	(void)err;
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		(void)snprintf(path, sizeof(path), "/sys/firmware/qemu_fw_cfg/by_name/%s/%s/raw", directories[i], p->name);
		if (file_read(AT_FDCWD, path, CREDENTIAL_BYTES_MAX, out, &missing) == 0)
			return true;
	}
	return false;
}

static bool try_smbios(const struct plan_prepare *p, struct buffer *out, struct error *err)
{
	autobuffer struct buffer table = { 0 };
	struct error missing = { 0 };

	if (file_read(AT_FDCWD, "/sys/firmware/dmi/tables/DMI", SMBIOS_BYTES_MAX, &table, &missing) < 0)
		return false;
	return credential_from_smbios((const unsigned char *)table.data, table.length, p->name, out, err);
}

static bool try_cmdline(const struct plan_prepare *p, struct buffer *out, struct error *err)
{
	autobuffer struct buffer cmdline = { 0 };
	struct error missing = { 0 };

	if (file_read(AT_FDCWD, "/proc/cmdline", CMDLINE_BYTES_MAX, &cmdline, &missing) < 0)
		return false;
	return credential_from_cmdline(buffer_string(&cmdline), p->name, out, err);
}

static bool try_image(const struct plan_prepare *p, struct buffer *out, struct error *err)
{
	char path[512];

	if (!p->source)
		return false;
	(void)snprintf(path, sizeof(path), IMAGE_DIRECTORY "%s", p->source);
	return file_read(AT_FDCWD, path, CREDENTIAL_BYTES_MAX, out, err) == 0;
}

/* ------------------------------------------------------------ the files */

static int find(const struct plan_prepare *p, struct buffer *out, bool *found, struct error *err)
{
	static bool (*const places[])(const struct plan_prepare *, struct buffer *, struct error *) = {
		try_fw_cfg, try_smbios, try_cmdline, try_image,
	};

	*err = (struct error){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		*found = places[i](p, out, err);
		if (*found)
			return 0;
		if (*err->message)
			return -1;
	}
	if (p->optional)
		return 0;
	return error_set(err, "credential '%s' is nowhere: neither in fw_cfg (opt/io.slipway.credentials/%s) nor in SMBIOS "
			 "(io.slipway.credential:%s=) nor on the kernel's command line (slipway.credential.%s=)", p->name,
			 p->name, p->name, p->name);
}

static int write_one(int directory, const struct plan_prepare *p, struct error *err)
{
	autobuffer struct buffer value = { 0 };
	autoclose int fd = -1;
	bool found = false;

	if (find(p, &value, &found, err) < 0)
		return -1;
	if (!found)
		return 0;
	fd = openat(directory, p->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (fd < 0 || fchown(fd, p->uid, p->gid) < 0 || fchmod(fd, 0400) < 0)
		return error_errno(err, "cannot make the file of credential '%s'", p->name);
	if (value.length && write(fd, value.data, value.length) != (ssize_t)value.length)
		return error_errno(err, "cannot write credential '%s'", p->name);
	return 0;
}

/* A new one each time: what was there may have been given to another user, or changed on the host. */
static int make_directory(const struct plan_prepare *p, const char *path, struct error *err)
{
	if (file_mkdirs(AT_FDCWD, path, 0755, err) < 0)
		return -1;
	while (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		;
	/* Not tmpfs, whose pages may be swapped out to a disk. */
	if (mount("ramfs", path, "ramfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0500") < 0)
		return error_errno(err, "cannot mount a ramfs at '%s'", path);
	if (chown(path, p->uid, p->gid) < 0)
		return error_errno(err, "cannot give '%s' to its user", path);
	return 0;
}

static int seal(const char *path, struct error *err)
{
	if (mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return error_errno(err, "cannot make '%s' read-only", path);
	return 0;
}

int credentials_prepare(const struct plan *plan, const struct plan_container *container, struct error *err)
{
	autoclose int directory = -1;
	char path[512];

	(void)snprintf(path, sizeof(path), PLAN_CREDENTIALS "/%s", container->name);
	for (size_t i = 0; i < plan->prepares_count; i++) {
		const struct plan_prepare *p = &plan->prepares[i];

		if (p->kind != PLAN_CREDENTIAL || &plan->containers[p->container] != container)
			continue;
		if (directory < 0 && make_directory(p, path, err) < 0)
			return -1;
		if (directory < 0)
			directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (directory < 0)
			return error_errno(err, "cannot open '%s'", path);
		if (write_one(directory, p, err) < 0)
			return -1;
	}
	return directory < 0 ? 0 : seal(path, err);
}
