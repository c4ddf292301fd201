/* SPDX-License-Identifier: Apache-2.0 */
/* Containers as PID 1 makes them: a child of ours becomes one. Real namespaces: as root, with Debian's busybox-static. */
#include <fcntl.h>
#include <linux/sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "runtime/container/container.h"
#include "runtime/linux/seccomp_file.h"
#include "runtime/linux/syscalls.h"

#define MAPPED ",\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}]," \
	       "\"gidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}]"
#define MOUNTS "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}," \
	       "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}"

static char bundle[] = "/tmp/slipway-enter.XXXXXX";

static const char *filter;		/* the file of a filter that was compiled before; NULL: there is none */

static void make_bundle(void)
{
	static const char *const directories[] = { "", "/bin", "/proc", "/dev" };
	char path[256], command[512];

	assert_non_null(mkdtemp(bundle));
	assert_int_equal(chmod(bundle, 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		(void)snprintf(path, sizeof(path), "%s/rootfs%s", bundle, directories[i]);
		assert_int_equal(mkdir(path, 0755), 0);
	}
	(void)snprintf(command, sizeof(command), "cp /bin/busybox %s/rootfs/bin/busybox && ln -s busybox %s/rootfs/bin/sh",
		       bundle, bundle);
	assert_int_equal(system(command), 0);
}

static void write_file(const char *name, const struct buffer *text)
{
	struct error err = { 0 };
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", bundle, name);
	assert_int_equal(file_write_atomic(AT_FDCWD, path, text->data, text->length, 0644, &err), 0);
}

static void write_config(const char *script, const char *namespaces, const char *more)
{
	autobuffer struct buffer text = { 0 };

	buffer_printf(&text, "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"args\":[\"sh\",\"-c\","
			     "\"%s\"],\"cwd\":\"/\",\"env\":[\"PATH=/bin\"]},\"mounts\":[" MOUNTS "],"
			     "\"linux\":{\"namespaces\":[%s]%s}}", script, namespaces, more);
	write_file(filter ? "start.json" : "config.json", &text);
}

struct started {
	pid_t pid;
	int output, status;	/* what it prints; what it tells of a failure, until it is executed */
};

/* As init/spawn.c does it. */
static struct started start(bool new_pid)
{
	struct clone_args args = { .flags = new_pid ? CLONE_NEWPID : 0, .exit_signal = SIGCHLD };
	struct container_enter_options options = { .bundle = bundle, .filter = filter, .id = "test" };
	struct started s;
	struct error err = { 0 };
	int output[2], status[2];

	assert_int_equal(pipe2(output, O_CLOEXEC), 0);
	assert_int_equal(pipe2(status, O_CLOEXEC), 0);
	s.pid = kernel_clone3(&args);
	assert_true(s.pid >= 0);
	if (s.pid == 0) {
		options.status_fd = status[1];
		if (dup2(output[1], 1) == 1 && dup2(output[1], 2) == 2)
			(void)container_enter(&options, &err);
		if (write(status[1], err.message, strlen(err.message)) < 0)
			_exit(126);
		_exit(127);
	}
	(void)close(output[1]);
	(void)close(status[1]);
	s.output = output[0];
	s.status = status[0];
	return s;
}

static void read_all(int fd, char *out, size_t size)
{
	size_t length = 0;
	ssize_t n;

	while (length < size - 1 && (n = read(fd, out + length, size - 1 - length)) > 0)
		length += (size_t)n;
	out[length] = '\0';
	(void)close(fd);
}

static int end(const struct started *s)
{
	int status;

	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	return status;
}

/* Runs to its end: what it printed, its wait status; a failure to start it is a failure here. */
static int run(bool new_pid, char *out, size_t size)
{
	struct started s = start(new_pid);
	char failure[1200];

	read_all(s.status, failure, sizeof(failure));
	assert_string_equal(failure, "");
	read_all(s.output, out, size);
	return end(&s);
}

static void user_namespace_with_many_ids(void **state)
{
	char out[1024];

	(void)state;
	write_config("busybox id -u; busybox cat /proc/self/uid_map /proc/self/setgroups; echo $$; exit 7",
		     "{\"type\":\"user\"},{\"type\":\"pid\"},{\"type\":\"mount\"}", MAPPED);
	/* Whether PID 1 has made a PID namespace already or not. */
	for (int new_pid = 0; new_pid < 2; new_pid++) {
		int status = run(new_pid, out, sizeof(out));

		assert_string_equal(out, "0\n         0     100000      65536\nallow\n1\n");
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 7);
	}
}

static void signals_reach_it_and_its_end_is_told(void **state)
{
	char out[64];
	struct started s;
	int status;

	(void)state;
	write_config("trap 'exit 9' TERM; echo ready; while :; do busybox usleep 20000; done",
		     "{\"type\":\"user\"},{\"type\":\"pid\"},{\"type\":\"mount\"}", MAPPED);
	s = start(true);
	assert_int_equal(read(s.output, out, sizeof(out)), 6);
	assert_int_equal(kill(s.pid, SIGTERM), 0);
	status = end(&s);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 9);
	(void)close(s.output);
	(void)close(s.status);
}

static void its_namespaces_are_found_by_the_number_that_is_known(void **state)
{
	char path[64], inside[64], outside[64];
	struct started s;
	ssize_t n;

	(void)state;
	write_config("busybox readlink /proc/self/ns/uts; exec busybox sleep 100",
		     "{\"type\":\"user\"},{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"uts\"}", MAPPED);
	s = start(true);
	n = read(s.output, inside, sizeof(inside) - 1);
	assert_true(n > 1);
	inside[n - 1] = '\0';
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/uts", s.pid);
	n = readlink(path, outside, sizeof(outside) - 1);
	assert_true(n > 0);
	outside[n] = '\0';
	assert_string_equal(inside, outside);
	/* And with it goes what it stands for, being in its PID namespace. */
	assert_int_equal(kill(s.pid, SIGKILL), 0);
	(void)end(&s);
	assert_int_equal(read(s.output, inside, sizeof(inside)), 0);
	(void)close(s.output);
	(void)close(s.status);
}

static void death_by_signal_is_told(void **state)
{
	char out[64], path[64], namespaces[256];
	struct started s;
	int status;
	pid_t other = fork();

	(void)state;
	/* A PID namespace to join: another process's. Not being its first one, it can be ended by a signal. */
	if (other == 0) {
		struct clone_args args = { .flags = CLONE_NEWPID, .exit_signal = SIGCHLD };
		pid_t pid = kernel_clone3(&args);

		if (pid == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
			for (;;)
				(void)pause();
		}
		(void)waitpid(pid, NULL, 0);
		_exit(0);
	}
	for (int i = 0; i < 500; i++) {
		(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", other, other);
		autobuffer struct buffer text = { 0 };
		struct error err;

		if (file_read(AT_FDCWD, path, 100, &text, &err) == 0 && text.length > 1) {
			(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", atoi(text.data));
			break;
		}
		(void)usleep(10000);
	}
	(void)snprintf(namespaces, sizeof(namespaces), "{\"type\":\"pid\",\"path\":\"%s\"},{\"type\":\"mount\"}", path);
	write_config("echo $$; kill -USR1 $$", namespaces, "");
	s = start(false);
	read_all(s.output, out, sizeof(out));
	read_all(s.status, path, sizeof(path));
	assert_string_equal(path, "");
	status = end(&s);
	assert_int_equal(atoi(out), 2);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGUSR1);
	(void)kill(other, SIGKILL);
	(void)waitpid(other, NULL, 0);
}

/* Runs a command in the container of `s`; what it printed. */
static int exec_in(const struct started *s, const char *script, char *out, size_t size)
{
	const struct container_enter_options options = { .bundle = bundle, .filter = filter, .id = "test" };
	const char *args[] = { "sh", "-c", script };
	struct container container;
	struct arena arena = { 0 };
	struct error err = { 0 };
	int output[2], status = -1;
	pid_t caller;

	assert_int_equal(pipe2(output, O_CLOEXEC), 0);
	/* It joins a PID namespace for its children, and there is no way back. */
	caller = fork();
	if (caller == 0) {
		if (dup2(output[1], 1) != 1 || dup2(output[1], 2) != 2 ||
		    container_entered(&options, s->pid, &arena, &container, &err) < 0)
			_exit(100);
		if (container_exec_wait(&container, args, ARRAY_SIZE(args), 300, &arena, &status, &err) < 0)
			_exit(101);
		_exit(WEXITSTATUS(status));
	}
	(void)close(output[1]);
	read_all(output[0], out, size);
	assert_int_equal(waitpid(caller, &status, 0), caller);
	return WEXITSTATUS(status);
}

static void another_process_joins_it(void **state)
{
	static const char *const kinds[] = {
		"{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"uts\"}",
		"{\"type\":\"user\"},{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"uts\"}",
	};
	char inside[256], joined[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		static const char look[] = "for n in uts mnt pid user; do busybox readlink /proc/self/ns/$n; done";
		char script[256];
		struct started s;

		(void)snprintf(script, sizeof(script), "%s; echo; exec busybox sleep 100", look);
		write_config(script, kinds[i], i == 0 ? ",\"cgroupsPath\":\"/\"" : MAPPED ",\"cgroupsPath\":\"/\"");
		s = start(true);
		memset(inside, 0, sizeof(inside));
		for (size_t n = 0; !strstr(inside, "\n\n"); n = strlen(inside))
			assert_true(read(s.output, inside + n, sizeof(inside) - 1 - n) > 0);
		*strstr(inside, "\n\n") = '\0';
		(void)snprintf(script, sizeof(script), "%s; exit 7", look);
		assert_int_equal(exec_in(&s, script, joined, sizeof(joined)), 7);
		joined[strlen(joined) - 1] = '\0';
		assert_string_equal(joined, inside);
		/* Too late; and what it left behind does not keep the pipe open. */
		assert_int_equal(exec_in(&s, "busybox sleep 100 & busybox sleep 100", joined, sizeof(joined)), 101);
		assert_int_equal(exec_in(&s, "busybox sleep 100 & exit 3", joined, sizeof(joined)), 3);
		assert_int_equal(kill(s.pid, SIGKILL), 0);
		(void)end(&s);
		assert_int_equal(exec_in(&s, "exit 0", joined, sizeof(joined)), 101);
		(void)close(s.output);
		(void)close(s.status);
	}
}

/* No directory can be made. The file is written as the build does it. */
static void write_filter(const char *path)
{
	static const char *names[] = { "mkdir", "mkdirat" };
	struct oci_seccomp_rule rule = { .names = { names, ARRAY_SIZE(names) }, .action = "SCMP_ACT_ERRNO" };
	const struct oci_seccomp profile = { .default_action = "SCMP_ACT_ALLOW", .syscalls = &rule, .syscalls_count = 1 };
	autobuffer struct buffer file = { 0 };
	struct seccomp_program program;
	struct arena arena = { 0 };
	struct error err = { 0 };

	assert_int_equal(seccomp_compile(&profile, &arena, &program, &err), 0);
	seccomp_file_write(&program, &file);
	assert_int_equal(file_write_atomic(AT_FDCWD, path, file.data, file.length, 0644, &err), 0);
	arena_release(&arena);
}

static void a_filter_compiled_before_holds_for_all_its_processes(void **state)
{
	static const char script[] = "mkdir /dev/one 2>/dev/null || echo refused; echo; exec busybox sleep 100";
	char path[256], out[256] = "";
	struct started s;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/seccomp.bpf", bundle);
	write_filter(path);
	filter = path;
	write_config(script, "{\"type\":\"pid\"},{\"type\":\"mount\"}", ",\"cgroupsPath\":\"/\"");
	s = start(true);
	for (size_t n = 0; !strstr(out, "\n\n"); n = strlen(out))
		assert_true(read(s.output, out + n, sizeof(out) - 1 - n) > 0);
	assert_string_equal(out, "refused\n\n");
	assert_int_equal(exec_in(&s, "mkdir /dev/two 2>/dev/null || exit 9", out, sizeof(out)), 9);
	assert_int_equal(kill(s.pid, SIGKILL), 0);
	(void)end(&s);
	(void)close(s.output);
	(void)close(s.status);
	filter = NULL;
}

static void failures_are_told_once(void **state)
{
	char failure[1200];
	struct started s;

	(void)state;
	write_config("exit 0", "{\"type\":\"user\"},{\"type\":\"pid\"},{\"type\":\"mount\"}",
		     ",\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1},{\"containerID\":0,\"hostID\":5,\"size\":1}],"
		     "\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]");
	s = start(true);
	read_all(s.status, failure, sizeof(failure));
	assert_non_null(strstr(failure, "container 'test': linux.uidMappings: cannot write '/proc/"));
	assert_null(strstr(failure + 1, "container"));
	assert_int_equal(WEXITSTATUS(end(&s)), 127);
	(void)close(s.output);
	write_config("exit 0", "{\"type\":\"user\"},{\"type\":\"pid\"},{\"type\":\"mount\"}",
		     MAPPED ",\"rootfsPropagation\":\"sideways\"");
	s = start(true);
	read_all(s.status, failure, sizeof(failure));
	assert_non_null(strstr(failure, "sideways"));
	assert_int_equal(WEXITSTATUS(end(&s)), 127);
	(void)close(s.output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(user_namespace_with_many_ids),
		cmocka_unit_test(signals_reach_it_and_its_end_is_told),
		cmocka_unit_test(its_namespaces_are_found_by_the_number_that_is_known),
		cmocka_unit_test(death_by_signal_is_told),
		cmocka_unit_test(another_process_joins_it),
		cmocka_unit_test(a_filter_compiled_before_holds_for_all_its_processes),
		cmocka_unit_test(failures_are_told_once),
	};
	struct error ignored;
	int failed;

	if (geteuid() != 0 || access("/bin/busybox", X_OK) < 0) {
		printf("namespaces need root, and the container Debian's busybox-static\n");
		return 77;
	}
	make_bundle();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)file_remove_tree(AT_FDCWD, bundle, &ignored);
	return failed;
}
