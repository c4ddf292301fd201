/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/registry/certificates.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"

static bool ends_with(const char *name, const char *suffix)
{
	size_t length = strlen(name), n = strlen(suffix);

	return length > n && strcmp(name + length - n, suffix) == 0;
}

static int take(const char *path, const char *name, struct buffer *ca, struct arena *arena, struct http_trust *trust,
		struct error *err)
{
	const char *file = path_join(arena, path, name), *key;

	if (ends_with(name, ".crt"))
		return file_read(AT_FDCWD, file, CERTIFICATES_BYTES_MAX - ca->length, ca, err);
	if (!ends_with(name, ".cert"))
		return 0;
	key = arena_printf(arena, "%.*skey", (int)strlen(file) - 4, file);
	if (access(key, F_OK) < 0)
		return error_errno(err, "'%s' has no key beside it: cannot find '%s'", file, key);
	trust->certificate = file;
	trust->key = key;
	return 0;
}

/* Returns 1 where there is no such directory. */
static int read_directory(const char *path, struct arena *arena, struct http_trust *trust, struct error *err)
{
	autobuffer struct buffer ca = { 0 };
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, NULL, alphasort), r = 0;

	if (count < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES
			       ? 1
			       : error_errno(err, "cannot read the directory '%s'", path);
	for (int i = 0; i < count; i++) {
		if (r == 0)
			r = take(path, entries[i]->d_name, &ca, arena, trust, err);
		free(entries[i]);
	}
	free(entries);
	if (r == 0 && ca.length)
		trust->ca = arena_strndup(arena, ca.data, ca.length);
	return r;
}

int certificates_find(const char *host, const char *directory, struct arena *arena, struct http_trust *trust,
		      struct error *err)
{
	const char *file = getenv("SSL_CERT_FILE");
	const char *const bases[] = {
		directory,
		path_of_user(arena, "XDG_CONFIG_HOME", ".config", "containers/certs.d"),
		"/etc/containers/certs.d",
		"/etc/docker/certs.d",
	};
	autobuffer struct buffer text = { 0 };
	int r = 1;

	for (size_t i = 0; i < ARRAY_SIZE(bases) && r > 0; i++)
		if (bases[i])
			r = read_directory(path_join(arena, bases[i], host), arena, trust, err);
	if (r < 0)
		return -1;
	if (!trust->ca && file && *file) {
		if (file_read(AT_FDCWD, file, CERTIFICATES_BYTES_MAX, &text, err) < 0)
			return error_context(err, "SSL_CERT_FILE");
		trust->ca = arena_strndup(arena, buffer_string(&text), text.length);
	}
	return 0;
}
