/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/execute.h"

#include <errno.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/linux/syscalls.h"

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

char **execute_vector(const struct oci_strings *strings, struct arena *arena)
{
	char **vector = arena_array(arena, strings->count + 1, sizeof(*vector));

	if (strings->count > 0)
		memcpy(vector, strings->items, strings->count * sizeof(*vector));
	return vector;
}

const char *execute_environment(const struct oci_strings *env, const char *name)
{
	size_t n = strlen(name);

	/* The last one counts, as it does for a shell. */
	for (size_t i = env->count; i > 0; i--)
		if (strncmp(env->items[i - 1], name, n) == 0 && env->items[i - 1][n] == '=')
			return env->items[i - 1] + n + 1;
	return NULL;
}

/* By name, and of one name in the order they were given: both are where they stand in the environment. */
static int by_variable(const void *a, const void *b)
{
	const char *const *x = *(const char *const *const *)a, *const *y = *(const char *const *const *)b;
	size_t n = strcspn(*x, "="), m = strcspn(*y, "=");
	int r = memcmp(*x, *y, n < m ? n : m);

	if (r == 0)
		r = (n > m) - (n < m);
	return r ? r : (x > y) - (x < y);
}

static bool same_variable(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return n == strcspn(b, "=") && memcmp(a, b, n) == 0;
}

void execute_unite_environment(struct oci_strings *env, struct arena *arena)
{
	const char ***sorted = arena_array(arena, env->count + 1, sizeof(*sorted));
	const char *kept = NULL;
	size_t n = 0;

	for (size_t i = 0; i < env->count; i++)
		sorted[i] = &env->items[i];
	if (env->count > 1)
		qsort(sorted, env->count, sizeof(*sorted), by_variable);
	for (size_t i = env->count; i > 0; i--) {
		if (kept && same_variable(*sorted[i - 1], kept))
			*sorted[i - 1] = NULL;
		else
			kept = *sorted[i - 1];
	}
	for (size_t i = 0; i < env->count; i++)
		if (env->items[i])
			env->items[n++] = env->items[i];
	env->count = n;
}

/* 0 where the file can be executed, else the error number. */
static int check_executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	return st.st_mode & 0111 ? 0 : EACCES;
}

static int find_in_path(const char *name, const char *directories, struct arena *arena, const char **path)
{
	int refused = ENOENT;

	for (const char *p = directories;; p++) {
		size_t n = strcspn(p, ":");
		const char *candidate = n ? arena_printf(arena, "%.*s/%s", (int)n, p, name) : path_join(arena, ".", name);
		int r = check_executable(candidate);

		if (r == 0) {
			*path = candidate;
			return 0;
		}
		if (r == EACCES)
			refused = EACCES;
		p += n;
		if (*p == '\0')
			return refused;
	}
}

/* Callers tell by the words whether the program was missing (127) or could not be run (126). */
int execute_error(const char *name, int number, struct error *err)
{
	static const struct {
		int number;
		const char *words;
	} rows[] = {
		{ ENOENT, "no such file or directory" }, { ENOTDIR, "no such file or directory" },
		{ EACCES, "permission denied" },	 { EISDIR, "is a directory" },
		{ ENOEXEC, "exec format error" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].number != number)
			continue;
		(void)error_set(err, "exec: \"%s\": %s", name, rows[i].words);
		err->number = number;
		return -1;
	}
	return error_number(err, number, "exec: \"%s\"", name);
}

int execute_find(const char *name, const struct oci_strings *env, struct arena *arena, const char **path,
		 struct error *err)
{
	const char *directories = execute_environment(env, "PATH");
	int r;

	if (strchr(name, '/')) {
		*path = name;
		r = check_executable(name);
		return r ? execute_error(name, r, err) : 0;
	}
	r = *name ? find_in_path(name, directories ? directories : PATH_DEFAULT, arena, path) : ENOENT;
	if (r == 0)
		return 0;
	if (r == EACCES)
		return execute_error(name, r, err);
	return error_set(err, "exec: \"%s\": executable file not found in $PATH", name);
}

int execute_enter_directory(const char *cwd, struct error *err)
{
	char where[PATH_MAX];

	if (chdir(cwd) < 0)
		return error_errno(err, "cannot enter the working directory '%s'", cwd);
	if (strcmp(cwd, "/") == 0)
		return 0;
	/* The system call itself: it says "(unreachable)" for what a C library reports in its own ways. */
	if (syscall(SYS_getcwd, where, sizeof(where)) < 0 || where[0] != '/')
		return error_set(err, "the working directory '%s' is outside of the container's root: "
				      "possible container breakout detected", cwd);
	return 0;
}

int execute_new_keyring(const char *id, struct error *err)
{
	char name[300] = "_ses.";

	(void)strncat(name, id, sizeof(name) - sizeof("_ses."));
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name, 0, 0, 0) >= 0)
		return 0;
	/* A kernel without keys, or a quota used up or a filter on the host: then there is none to put aside either. */
	if (errno == ENOSYS || errno == EPERM || errno == EDQUOT)
		return 0;
	return error_errno(err, "cannot make a session keyring");
}

int execute_own_stdio(uint32_t uid, struct error *err)
{
	struct stat st;

	for (int fd = 0; fd < 3; fd++) {
		if (fstat(fd, &st) < 0) {
			if (errno == EBADF)
				continue;
			return error_errno(err, "cannot stat standard descriptor %d", fd);
		}
		/* The null device is everybody's, and maybe the host's. */
		if (st.st_uid == uid || (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)))
			continue;
		if (fchown(fd, uid, (gid_t)-1) < 0 && errno != EINVAL && errno != EPERM && errno != EROFS &&
		    errno != ENOSYS)
			return error_errno(err, "cannot hand standard descriptor %d to user %u", fd, uid);
	}
	return 0;
}

/* Signals that may be ignored: bit 0 is signal 1. All, before somebody knows better. */
static uint64_t ignored_signals = ~0ull;

void execute_know_ignored(uint64_t signals)
{
	ignored_signals = signals;
}

bool execute_may_ignore(int signal)
{
	return ignored_signals & 1ull << (signal - 1);
}

void execute_reset_signals(void)
{
	static const int ignorable[] = { SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2,
					 SIGCHLD, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH };
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	(void)sigemptyset(&none);
	for (size_t i = 0; i < ARRAY_SIZE(ignorable); i++)
		if (execute_may_ignore(ignorable[i]))
			(void)sigaction(ignorable[i], &action, NULL);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void end_by(int signal)
{
	_exit(128 + signal);
}

void execute_heed_signals(void)
{
	static const int heeded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	const struct sigaction action = { .sa_handler = end_by };

	for (size_t i = 0; i < ARRAY_SIZE(heeded); i++)
		(void)sigaction(heeded[i], &action, NULL);
}

int execute_close_from(unsigned int first, struct error *err)
{
	if (kernel_close_range(first, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		return error_errno(err, "cannot close inherited descriptors");
	return 0;
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

int execute_close_but(unsigned int first, int *kept, size_t count, struct error *err)
{
	int r = 0;

	qsort(kept, count, sizeof(*kept), by_number);
	for (size_t i = 0; i < count && r == 0; i++) {
		if (kept[i] < (int)first)
			continue;
		if (kept[i] > (int)first)
			r = kernel_close_range(first, (unsigned int)kept[i] - 1, 0);
		first = (unsigned int)kept[i] + 1;
	}
	if (r < 0 || kernel_close_range(first, ~0u, 0) < 0)
		return error_errno(err, "cannot close inherited descriptors");
	return 0;
}
