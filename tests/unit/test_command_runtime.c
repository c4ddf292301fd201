/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines that are wrong, and those that only look: each ends with its status, and no descriptor stays open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "runtime/command/command.h"

static char root[] = "/tmp/slipway-state-XXXXXX";

static unsigned int open_descriptors(void)
{
	autoclosedir DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (readdir(dir))
		n++;
	return n;
}

/* Runs the words; what was said on both outputs is in `said`. */
static int run(struct buffer *said, const char *const *words)
{
	char *argv[16] = { (char *)(uintptr_t)"runtime", (char *)(uintptr_t)"--root", root };
	char path[] = "/tmp/slipway-said-XXXXXX";
	int fd = mkstemp(path), out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO), argc = 3, status;

	while (*words)
		argv[argc++] = (char *)(uintptr_t)*words++;
	runtime_globals = (struct runtime_globals){ 0 };
	(void)fflush(stdout);
	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(fd, STDERR_FILENO);
	status = runtime_main(argc, argv);
	(void)fflush(stdout);
	(void)dup2(out, STDOUT_FILENO);
	(void)dup2(err, STDERR_FILENO);
	(void)close(out);
	(void)close(err);
	(void)lseek(fd, 0, SEEK_SET);
	said->length = 0;
	(void)file_read_fd(fd, path, 1 << 20, said, NULL);
	(void)close(fd);
	(void)unlink(path);
	return status;
}

static void each_command_line_ends_with_its_status_and_words(void **state)
{
	static const struct {
		const char *words[8];
		int status;
		const char *said;
	} rows[] = {
		{ { "--version" }, 0, "spec: 1." },
		{ { "-v" }, 0, "version" },
		{ { "--help" }, 0, "commands:" },
		{ { "help" }, 0, "commands:" },
		{ { NULL }, 0, "commands:" },
		{ { "strat", "x" }, 1, "did you mean 'start'?" },
		{ { "--nosuch", "list" }, 1, "unknown option" },
		{ { "--log-format", "xml", "list" }, 1, "invalid log-format" },
		{ { "--rootless", "maybe", "list" }, 1, "--rootless" },
		{ { "--systemd-cgroup", "list" }, 1, "cgroupfs" },
		{ { "--log", "/no/such/dir/log", "list" }, 1, "cannot open the log" },
		{ { "list" }, 0, "ID          PID" },
		{ { "list", "-q" }, 0, "" },
		{ { "list", "--format", "json" }, 0, "null" },
		{ { "list", "--format", "xml" }, 1, "invalid format option" },
		{ { "state" }, 1, "missing operand" },
		{ { "state", "nobody" }, 1, "container does not exist" },
		{ { "state", "../nobody" }, 1, "invalid container ID format" },
		{ { "kill", "nobody", "NOSUCH" }, 1, "unknown signal \"NOSUCH\"" },
		{ { "kill", "nobody", "9", "9" }, 1, "unexpected operand" },
		{ { "delete", "nobody" }, 1, "container does not exist" },
		{ { "delete", "--force", "nobody" }, 0, "" },
		{ { "delete", "--force", "../nobody" }, 1, "invalid container ID format" },
		{ { "update", "nobody" }, 1, "container does not exist" },
		{ { "events", "--interval", "soon", "nobody" }, 1, "--interval" },
		{ { "ps", "--format", "xml", "nobody" }, 1, "invalid format option" },
		{ { "pause", "nobody" }, 1, "container does not exist" },
		{ { "resume", "nobody" }, 1, "container does not exist" },
		{ { "start", "nobody" }, 1, "container does not exist" },
		{ { "features" }, 0, "\"ociVersionMax\"" },
		{ { "kill", "--help" }, 0, "--all" },
	};
	autobuffer struct buffer said = { 0 };
	unsigned int before = open_descriptors();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(run(&said, rows[i].words), rows[i].status);
		if (!strstr(buffer_string(&said), rows[i].said))
			fail_msg("'%s' is not in: %s", rows[i].said, buffer_string(&said));
	}
	assert_int_equal(open_descriptors(), before);
}

static void the_log_has_one_json_object_a_line(void **state)
{
	autobuffer struct buffer said = { 0 }, log = { 0 };
	char path[] = "/tmp/slipway-log-XXXXXX";
	const char *words[] = { "--log", path, "--log-format", "json", "state", "a\"b", NULL };
	int fd = mkstemp(path);
	struct error err;

	(void)state;
	assert_int_equal(run(&said, words), 1);
	assert_int_equal(file_read_fd(fd, path, 4096, &log, &err), 0);
	assert_non_null(strstr(log.data, "\"level\":\"error\""));
	assert_non_null(strstr(log.data, "'a\\\"b'"));
	assert_int_equal(log.data[log.length - 1], '\n');
	(void)close(fd);
	(void)unlink(path);
}

static void a_damaged_state_is_told_and_can_be_deleted(void **state)
{
	static const char *const look[] = { "state", "hurt", NULL }, *const away[] = { "delete", "--force", "hurt", NULL };
	autobuffer struct buffer said = { 0 };
	char path[128];
	struct error err;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/hurt", root);
	assert_int_equal(file_mkdirs(AT_FDCWD, path, 0700, &err), 0);
	(void)snprintf(path, sizeof(path), "%s/hurt/state.json", root);
	assert_int_equal(file_write_atomic(AT_FDCWD, path, "{\"pid\":", 7, 0600, &err), 0);
	assert_int_equal(run(&said, look), 1);
	assert_non_null(strstr(said.data, "the state of 'hurt' is damaged"));
	assert_int_equal(run(&said, away), 0);
	assert_int_equal(access(path, F_OK), -1);
}

static int make_root(void **state)
{
	(void)state;
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	(void)state;
	return file_remove_tree(AT_FDCWD, root, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_command_line_ends_with_its_status_and_words),
		cmocka_unit_test(the_log_has_one_json_object_a_line),
		cmocka_unit_test(a_damaged_state_is_told_and_can_be_deleted),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
