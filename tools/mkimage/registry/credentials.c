/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/registry/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "oci/distribution.h"
#include "tools/mkimage/source/base64.h"

#define DOCKER_HUB_HOST "registry-1.docker.io"
#define DOCKER_HUB_KEY "https://index.docker.io/v1/"
#define HELPER_NAME_MAX 64

extern char **environ;

/* --- helpers ------------------------------------------------------------------------------------ */

static int start_helper(const char *program, int input, int output, pid_t *pid, struct error *err)
{
	char *argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t)"get", NULL };
	posix_spawn_file_actions_t actions;
	int r;

	if (posix_spawn_file_actions_init(&actions) != 0)
		arena_out_of_memory();
	(void)posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	r = posix_spawnp(pid, program, &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return r ? error_number(err, r, "cannot run '%s'", program) : 0;
}

/* The host in, the answer out. A host is shorter than a pipe holds, so that neither waits for the other. */
static int ask_helper(const char *program, const char *host, struct buffer *answer, int *status, struct error *err)
{
	int in[2], out[2] = { -1, -1 }, r;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	if (pipe2(out, O_CLOEXEC) < 0 || write(in[1], host, strlen(host)) != (ssize_t)strlen(host)) {
		r = error_errno(err, "cannot make a pipe");
	} else {
		r = start_helper(program, in[0], out[1], &pid, err);
		fd_replace(&in[1], -1);
		fd_replace(&out[1], -1);
		if (r == 0) {
			r = file_read_fd(out[0], program, DISTRIBUTION_TOKEN_BYTES_MAX, answer, err);
			fd_replace(&out[0], -1);
			while (waitpid(pid, status, 0) < 0 && errno == EINTR)
				;
		}
	}
	for (int i = 0; i < 2; i++) {
		cleanup_close(&in[i]);
		cleanup_close(&out[i]);
	}
	return r;
}

static int use_helper(const char *name, const char *host, struct arena *arena, struct credentials *credentials,
		      struct error *err)
{
	const char *program = arena_printf(arena, "docker-credential-%s", name);
	struct distribution_helper_answer answer;
	autobuffer struct buffer text = { 0 };
	int status = 0;

	if (strchr(name, '/') || strlen(name) > HELPER_NAME_MAX)
		return error_set(err, "'%.80s' is no name of a credential helper", name);
	if (ask_helper(program, host, &text, &status, err) < 0)
		return -1;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		/* docker-credential-helpers: this text, on standard output, says that it has none. */
		if (strstr(buffer_string(&text), "credentials not found"))
			return 0;
		return error_set(err, "'%s' failed for '%s': %.200s", program, host, buffer_string(&text));
	}
	if (distribution_helper_parse(buffer_string(&text), text.length, arena, &answer, err) < 0)
		return error_context(err, "what '%s' answered", program);
	if (strcmp(answer.username, "<token>") == 0)
		*credentials = (struct credentials){ .identity_token = answer.secret };
	else
		*credentials = (struct credentials){ .user = answer.username, .password = answer.secret };
	return 0;
}

/* --- files -------------------------------------------------------------------------------------- */

static bool is_docker_hub(const char *host)
{
	return strcmp(host, DOCKER_HUB_HOST) == 0;
}

/* "https://host/v2/" is "host". Docker Hub's key is that of an old API. */
static const char *plain_key(const char *key, struct arena *arena)
{
	static const char *const versions[] = { "/v1/", "/v2/", "/v1", "/v2", "/" };
	const char *scheme = strstr(key, "://");
	size_t length;

	key = scheme ? scheme + 3 : key;
	length = strlen(key);
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		size_t n = strlen(versions[i]);

		if (length > n && strcmp(key + length - n, versions[i]) == 0)
			return arena_strndup(arena, key, length - n);
	}
	return key;
}

static bool names_host(const char *key, const char *host)
{
	if (is_docker_hub(host) && (strcmp(key, "docker.io") == 0 || strcmp(key, "index.docker.io") == 0))
		return true;
	return strcmp(key, host) == 0;
}

/* How much of host/repository the key says: 0 for another place. */
static size_t matches(const char *written, const char *host, const char *repository, struct arena *arena)
{
	const char *key = plain_key(written, arena), *slash = strchr(key, '/');
	size_t n = slash ? strlen(slash + 1) : 0;

	if (!slash)
		return names_host(key, host) ? 1 : 0;
	if (!names_host(arena_strndup(arena, key, (size_t)(slash - key)), host) ||
	    strncmp(repository, slash + 1, n) != 0 || (repository[n] != '\0' && repository[n] != '/'))
		return 0;
	return n + 1;
}

static int use_login(const struct distribution_login *login, struct arena *arena, struct credentials *credentials,
		     struct error *err)
{
	char *text, *colon;
	size_t length;

	*credentials = (struct credentials){ .identity_token = login->identity_token };
	if (login->identity_token || !login->auth)
		return 0;
	if (base64_decode(login->auth, arena, &text, &length) < 0 || strlen(text) != length ||
	    !(colon = strchr(text, ':')))
		return error_set(err, "auths['%.100s'].auth is not the base64 of 'user:password'; log in again", login->key);
	*colon = '\0';
	*credentials = (struct credentials){ .user = text, .password = colon + 1 };
	return 0;
}

static bool is_anonymous(const struct credentials *credentials)
{
	return !credentials->user && !credentials->identity_token;
}

static int search(const struct distribution_auth_file *file, const char *host, const char *repository,
		  struct arena *arena, struct credentials *credentials, struct error *err)
{
	const char *asked = is_docker_hub(host) ? DOCKER_HUB_KEY : host;
	const struct distribution_login *best = NULL;
	size_t best_length = 0;

	for (size_t i = 0; i < file->helpers.count; i++)
		if (matches(file->helpers.items[i].key, host, "", arena))
			return use_helper(file->helpers.items[i].value, asked, arena, credentials, err);
	for (size_t i = 0; i < file->logins_count; i++) {
		size_t length = matches(file->logins[i].key, host, repository, arena);

		/* An empty entry is a note that a helper has it. */
		if (length > best_length && (file->logins[i].auth || file->logins[i].identity_token)) {
			best = &file->logins[i];
			best_length = length;
		}
	}
	if (best)
		return use_login(best, arena, credentials, err);
	return file->store ? use_helper(file->store, asked, arena, credentials, err) : 0;
}

static int search_file(const char *path, bool must_exist, const char *host, const char *repository,
		       struct arena *arena, struct credentials *credentials, struct error *err)
{
	autobuffer struct buffer text = { 0 };
	struct distribution_auth_file file;
	struct error reason = { 0 };

	if (file_read(AT_FDCWD, path, DISTRIBUTION_AUTH_FILE_BYTES_MAX, &text, &reason) < 0) {
		if (!must_exist && (reason.number == ENOENT || reason.number == ENOTDIR || reason.number == EACCES))
			return 0;
		return error_set(err, "%s", reason.message);
	}
	if (text.length == 0)
		return 0;
	if (distribution_auth_file_parse(buffer_string(&text), text.length, arena, &file, err) < 0 ||
	    search(&file, host, repository, arena, credentials, err) < 0)
		return error_context(err, "%s", path);
	return 0;
}

int credentials_find(const char *file, const char *host, const char *repository, struct arena *arena,
		     struct credentials *credentials, struct error *err)
{
	static const struct {
		const char *variable, *below;
	} usual[] = {
		{ "XDG_RUNTIME_DIR", "containers/auth.json" }, { "XDG_CONFIG_HOME", "containers/auth.json" },
		{ "HOME", ".config/containers/auth.json" },    { "DOCKER_CONFIG", "config.json" },
		{ "HOME", ".docker/config.json" },
	};
	const char *named = file ? file : getenv("REGISTRY_AUTH_FILE"), *base;

	*credentials = (struct credentials){ 0 };
	if (named && *named)
		return search_file(named, true, host, repository, arena, credentials, err);
	for (size_t i = 0; i < ARRAY_SIZE(usual) && is_anonymous(credentials); i++) {
		base = getenv(usual[i].variable);
		if (base && *base && search_file(path_join(arena, base, usual[i].below), false, host, repository, arena,
						 credentials, err) < 0)
			return -1;
	}
	return 0;
}
