/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/package/debs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "tools/mkimage/package/process.h"
#include "tools/mkimage/source/hash.h"

#define LISTS_AGE_MAX (24 * 60 * 60)	/* seconds */
#define DEBS_MAX 5000

struct apt {
	const char *directory;		/* CACHE/apt, of another architecture CACHE/apt-ARCH */
	const char **argv;		/* "apt-get", options; a command is added behind */
	size_t argc;
	int lock;
};

static void add_argument(struct apt *apt, struct arena *arena, const char *argument)
{
	*(const char **)arena_push(arena, &apt->argv, &apt->argc, sizeof(*apt->argv)) = argument;
}

static void add_option(struct apt *apt, struct arena *arena, const char *name, const char *value)
{
	add_argument(apt, arena, "-o");
	add_argument(apt, arena, arena_printf(arena, "%s=%s", name, value));
}

/*
 * What is excluded is written down as installed, in a version newer than any: apt then
 * leaves it and what only it needs alone.
 */
static const char *write_status(const struct apt *apt, const struct manifest_strings *exclude, struct arena *arena,
				struct error *err)
{
	autobuffer struct buffer status = { 0 };
	const char *path = path_join(arena, apt->directory, "status");

	for (size_t i = 0; i < exclude->count; i++)
		buffer_printf(&status, "Package: %s\nStatus: install ok installed\nVersion: 999999:0\nArchitecture: all\n"
			      "Multi-Arch: foreign\nMaintainer: none\nDescription: excluded\n\n", exclude->items[i].value);
	return file_write_atomic(AT_FDCWD, path, buffer_string(&status), status.length, 0644, err) < 0 ? NULL : path;
}

static int make_directories(const struct apt *apt, struct arena *arena, struct error *err)
{
	static const char *const names[] = { "state/lists/partial", "cache/archives/partial", "none/partial" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (file_mkdirs(AT_FDCWD, path_join(arena, apt->directory, names[i]), 0755, err) < 0)
			return -1;
	return 0;
}

/* One at a time: apt's own locks are off, since they would be the machine's. */
static int apt_open(const struct deb_request *request, struct arena *arena, struct apt *apt, struct error *err)
{
	const char *status, *lock, *foreign = NULL;

	if (request->architecture && request->architecture != architecture_here())
		foreign = request->architecture->name;
	*apt = (struct apt){ .directory = arena_printf(arena, "%s/apt%s%s", request->cache, foreign ? "-" : "", foreign ? foreign : ""),
			     .lock = -1 };
	if (make_directories(apt, arena, err) < 0)
		return -1;
	lock = path_join(arena, apt->directory, "lock");
	apt->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (apt->lock < 0 || flock(apt->lock, LOCK_EX) < 0)
		return error_errno(err, "cannot lock '%s'", lock);
	status = write_status(apt, request->exclude, arena, err);
	if (!status)
		return -1;
	add_argument(apt, arena, "apt-get");
	if (foreign) {
		add_option(apt, arena, "APT::Architecture", foreign);
		add_option(apt, arena, "APT::Architectures", "");
		add_option(apt, arena, "APT::Architectures::", foreign);
	}
	add_option(apt, arena, "Dir::State", path_join(arena, apt->directory, "state"));
	add_option(apt, arena, "Dir::State::status", status);
	add_option(apt, arena, "Dir::Cache", path_join(arena, apt->directory, "cache"));
	add_option(apt, arena, "Debug::NoLocking", "true");
	add_option(apt, arena, "APT::Sandbox::User", "");
	add_option(apt, arena, "APT::Install-Recommends", "false");
	add_option(apt, arena, "APT::Install-Suggests", "false");
	/* Hooks of the machine (docker-clean and its like) would empty our cache. */
	add_option(apt, arena, "Dir::Etc::parts", "/nonexistent");
	add_option(apt, arena, "APT::Keep-Downloaded-Packages", "true");
	add_option(apt, arena, "Acquire::Languages", "none");
	add_option(apt, arena, "Acquire::ForceHash", "SHA256");
	add_option(apt, arena, "Acquire::Retries", "3");
	add_argument(apt, arena, "-qq");
	return 0;
}

static void apt_close(struct apt *apt)
{
	cleanup_close(&apt->lock);
}

/* Runs the options of `apt` with the words behind them. */
static int apt_run(const struct apt *apt, struct arena *arena, const char *const words[],
		   const struct manifest_strings *names, struct buffer *output, struct error *err)
{
	struct apt call = *apt;

	/* A copy: the array of the options stays as it is. */
	call.argv = arena_array(arena, apt->argc, sizeof(*apt->argv));
	call.argc = 0;
	for (size_t i = 0; i < apt->argc; i++)
		add_argument(&call, arena, apt->argv[i]);
	for (; *words; words++)
		add_argument(&call, arena, *words);
	for (size_t i = 0; names && i < names->count; i++)
		add_argument(&call, arena, names->items[i].value);
	add_argument(&call, arena, NULL);
	return process_run(call.argv, "apt", output, err);
}

static int update_lists(const struct apt *apt, struct arena *arena, struct error *err)
{
	static const char *const words[] = { "update", NULL };
	const char *stamp = path_join(arena, apt->directory, "updated");

	log_info("refreshing the lists of Debian packages");
	if (apt_run(apt, arena, words, NULL, NULL, err) < 0)
		return -1;
	return file_write_atomic(AT_FDCWD, stamp, "", 0, 0644, err);
}

static bool lists_are_old(const struct apt *apt, struct arena *arena)
{
	struct stat st;

	return stat(path_join(arena, apt->directory, "updated"), &st) < 0 || time(NULL) - st.st_mtime > LISTS_AGE_MAX;
}

/* One line of --print-uris: 'URI' FILE SIZE SHA256:HEX. Others are passed over. */
static int read_uri(char *line, struct arena *arena, struct deb_list *list, struct error *err)
{
	char *end = *line == '\'' ? strchr(line + 1, '\'') : NULL;
	char *file, *hash;
	struct deb *deb;

	if (!end)
		return 0;
	*end = '\0';
	file = strtok_r(end + 1, " ", &end);
	hash = file && strtok_r(NULL, " ", &end) ? strtok_r(NULL, " ", &end) : NULL;
	if (!hash || strncmp(hash, "SHA256:", 7) != 0)
		return error_set(err, "apt gives no SHA256 for '%s'", line + 1);
	if (list->count >= DEBS_MAX)
		return error_set(err, "more than %d packages are needed", DEBS_MAX);
	deb = arena_push(arena, &list->items, &list->count, sizeof(*deb));
	deb->uri = arena_strdup(arena, line + 1);
	deb->file = arena_strdup(arena, file);
	return digest_parse(arena_printf(arena, "sha256:%s", hash + 7), &deb->digest, err);
}

static int by_file(const void *a, const void *b)
{
	return strcmp(((const struct deb *)a)->file, ((const struct deb *)b)->file);
}

static int ask(const struct apt *apt, const struct manifest_strings *names, struct arena *arena,
	       struct deb_list *list, struct error *err)
{
	/* apt passes over what it has downloaded already: it is shown a cache that stays empty. */
	const char *empty = arena_printf(arena, "Dir::Cache::archives=%s/none", apt->directory);
	const char *const words[] = { "-o", empty, "install", "--yes", "--print-uris", NULL };
	autobuffer struct buffer output = { 0 };
	char *rest, *line;

	*list = (struct deb_list){ .directory = path_join(arena, apt->directory, "cache/archives") };
	if (apt_run(apt, arena, words, names, &output, err) < 0)
		return -1;
	buffer_add(&output, "", 0);
	for (line = strtok_r(output.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (read_uri(line, arena, list, err) < 0)
			return -1;
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), by_file);
	return 0;
}

int debs_resolve(const struct deb_request *request, struct arena *arena, struct deb_list *list, struct error *err)
{
	const struct manifest_strings *names = request->names;
	bool fresh = false;
	struct apt apt;
	int r = apt_open(request, arena, &apt, err);

	if (r == 0 && lists_are_old(&apt, arena)) {
		r = update_lists(&apt, arena, err);
		fresh = r == 0;
	}
	if (r == 0 && (r = ask(&apt, names, arena, list, err)) < 0 && !fresh &&
	    (r = update_lists(&apt, arena, err)) == 0)
		r = ask(&apt, names, arena, list, err);
	apt_close(&apt);
	return r;
}

/* The file's own hash, against what the signed index said. */
static int verify(const struct deb_list *list, const struct deb *deb, struct arena *arena, struct error *err)
{
	const char *path = path_join(arena, list->directory, deb->file);
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct hash *hash;
	struct digest got;
	int r;

	if (fd < 0)
		return error_errno(err, "cannot open '%s'", path);
	hash = hash_new("sha256");
	r = hash_add_file(hash, fd) < 0 ? error_errno(err, "cannot read '%s'", path) : 0;
	hash_finish(hash, &got);
	if (r < 0)
		return -1;
	if (digest_equal(&got, &deb->digest))
		return 0;
	(void)unlink(path);
	return error_set(err, "'%s' has the wrong digest: expected %s, got %s", deb->file, deb->digest.text, got.text);
}

static int verify_all(const struct deb_list *list, struct arena *arena, struct error *err)
{
	for (size_t i = 0; i < list->count; i++)
		if (verify(list, &list->items[i], arena, err) < 0)
			return -1;
	return 0;
}

int debs_fetch(const struct deb_request *request, struct arena *arena, struct deb_list *list, struct error *err)
{
	const struct manifest_strings *names = request->names;
	static const char *const words[] = { "install", "--yes", "--download-only", NULL };
	struct error ignored;
	struct apt apt;
	int r;

	if (verify_all(list, arena, &ignored) == 0)
		return 0;
	log_info("downloading Debian packages (%zu in all)", list->count);
	r = apt_open(request, arena, &apt, err);
	/* A package that was replaced in the archive since: new lists, and all of it again. */
	if (r == 0 && apt_run(&apt, arena, words, names, NULL, err) < 0 &&
	    ((r = update_lists(&apt, arena, err)) < 0 || (r = ask(&apt, names, arena, list, err)) < 0 ||
	     (r = apt_run(&apt, arena, words, names, NULL, err)) < 0))
		r = -1;
	if (r == 0)
		r = verify_all(list, arena, err);
	apt_close(&apt);
	return r;
}
