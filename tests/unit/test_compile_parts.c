/* SPDX-License-Identifier: Apache-2.0 */
/* Module lists, command lines and users that no manifest case reaches. */
#include "tools/mkimage/compile/parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/cleanup.h"

/* ---------------------------------------------------------------- modules */

static int compile_modules(const char *dep, const char *builtin, struct arena *arena, struct compiled *out,
			   struct error *err)
{
	static struct manifest_string listed = { .value = "a" };
	struct manifest manifest = { .kernel = { .modules = { .set = true, .items = &listed, .count = 1 } } };
	struct compile_input input = { .manifest = &manifest, .kernel = { "6", dep, builtin }, .root_type = "initramfs" };

	return modules_compile(&input, arena, out, err);
}

static void order_of(const char *dep, const char *expected)
{
	struct arena arena = { 0 };
	struct compiled out = { 0 };
	struct error err = { 0 };
	autobuffer struct buffer order = { 0 };

	if (compile_modules(dep, "", &arena, &out, &err) < 0)
		fail_msg("%s", err.message);
	for (size_t i = 0; i < out.plan.modules_count; i++)
		buffer_printf(&order, "%s ", out.plan.modules[i].path);
	assert_string_equal(buffer_string(&order), expected);
	arena_release(&arena);
}

static void modules_come_after_what_they_stand_on(void **state)
{
	(void)state;
	order_of("a.ko:\n", "/lib/modules/6/a.ko ");
	order_of("k/a.ko: k/c.ko k/b.ko\nk/b.ko:\nk/c.ko: k/b.ko\n", "/lib/modules/6/k/b.ko /lib/modules/6/k/c.ko /lib/modules/6/k/a.ko ");
	/* As depmod writes it, and the other way round. */
	order_of("a.ko: b.ko c.ko\nb.ko: c.ko\nc.ko:\n", "/lib/modules/6/c.ko /lib/modules/6/b.ko /lib/modules/6/a.ko ");
	order_of("a.ko: c.ko b.ko\nb.ko: c.ko\nc.ko:\n", "/lib/modules/6/c.ko /lib/modules/6/b.ko /lib/modules/6/a.ko ");
	/* Two that stand on each other end, in some order. */
	order_of("a.ko: b.ko\nb.ko: a.ko\n", "/lib/modules/6/b.ko /lib/modules/6/a.ko ");
	/* Older depmods wrote absolute paths; a last line without its end is a line. */
	order_of("/lib/modules/6/x/a.ko.zst:", "/lib/modules/6/x/a.ko.zst ");
}

static void broken_module_lists_are_errors(void **state)
{
	static const struct {
		const char *dep, *message;
	} cases[] = {
		{ "a.ko\n", "kernel: modules.dep: line 1: expected 'path: dependencies'" },
		{ "b.ko:\n: x\n", "kernel: modules.dep: line 2: expected 'path: dependencies'" },
		{ "a.ko: gone.ko\n", "kernel: modules.dep: 'a.ko' stands on 'gone.ko', which is not there" },
		{ "../../a.ko:\n", "kernel: modules.dep: line 1: '../../a.ko' leads out of its directory" },
		{ "", "kernel.modules: the kernel has no module 'a'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena arena = { 0 };
		struct compiled out = { 0 };
		struct error err = { 0 };

		assert_int_equal(compile_modules(cases[i].dep, "", &arena, &out, &err), -1);
		assert_string_equal(err.message, cases[i].message);
		arena_release(&arena);
	}
}

static void a_long_chain_of_modules_is_refused_not_followed_forever(void **state)
{
	struct arena arena = { 0 };
	struct compiled out = { 0 };
	struct error err = { 0 };
	autobuffer struct buffer dep = { 0 };

	(void)state;
	buffer_add_string(&dep, "a.ko: m0.ko\n");
	for (int i = 0; i < 20000; i++)
		buffer_printf(&dep, "m%d.ko: m%d.ko\n", i, i + 1);
	buffer_add_string(&dep, "m20000.ko:\n");
	assert_int_equal(compile_modules(dep.data, "", &arena, &out, &err), -1);
	assert_non_null(strstr(err.message, "stand on each other"));
	arena_release(&arena);
}

/* ---------------------------------------------------------------- the command line */

static void cmdline_is(const char *stated, const char *expected)
{
	struct manifest manifest = { .kernel = { .cmdline = { .value = stated } } };
	struct compile_input input = { .manifest = &manifest };
	struct arena arena = { 0 };
	struct compiled out = { 0 };
	struct error err = { 0 };

	assert_int_equal(cmdline_compile(&input, &arena, &out, &err), 0);
	assert_string_equal(out.cmdline, expected);
	arena_release(&arena);
}

static void the_command_line_has_what_the_manifest_does_not_say(void **state)
{
	(void)state;
	cmdline_is(NULL, "console=ttyS0 panic=-1 cryptomgr.notests loglevel=5");
	cmdline_is("", "console=ttyS0 panic=-1 cryptomgr.notests loglevel=5");
	cmdline_is(" \t console=tty0 \n", "panic=-1 cryptomgr.notests loglevel=5 console=tty0");
	cmdline_is("panic=5 quiet", "console=ttyS0 cryptomgr.notests panic=5 quiet");
	/* Only a whole word is the key, and what is for init is not the kernel's. */
	cmdline_is("myconsole=1 panic_on_oops=1 loglevels", "console=ttyS0 panic=-1 cryptomgr.notests loglevel=5 myconsole=1 panic_on_oops=1 loglevels");
	cmdline_is("a -- panic", "console=ttyS0 panic=-1 cryptomgr.notests loglevel=5 a -- panic");
	cmdline_is("x=\"a  panic=1\" debug", "console=ttyS0 panic=-1 cryptomgr.notests x=\"a  panic=1\" debug");
}

static void a_command_line_too_long_is_refused(void **state)
{
	char text[2048];
	struct manifest manifest = { .kernel = { .cmdline = { .value = text } } };
	struct compile_input input = { .manifest = &manifest };
	struct arena arena = { 0 };
	struct compiled out = { 0 };
	struct error err = { 0 };

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(cmdline_compile(&input, &arena, &out, &err), -1);
	assert_non_null(strstr(err.message, "the kernel takes 2047"));
	arena_release(&arena);
}

/* ---------------------------------------------------------------- users */

static void user_is(const char *user, const char *passwd, const char *group, uint32_t uid, uint32_t gid)
{
	struct manifest_container stated = { .name = { .value = "c" } };
	struct oci_process process = { 0 };
	struct compiled_container container = { .manifest = &stated, .config = { .process = &process }, .user = user };
	struct arena arena = { 0 };
	struct error err = { 0 };

	if (compile_resolve_user(&container, passwd, group, &arena, &err) < 0)
		fail_msg("%s: %s", user, err.message);
	assert_int_equal(process.user.uid, uid);
	assert_int_equal(process.user.gid, gid);
	arena_release(&arena);
}

static void users_are_looked_up_in_the_image(void **state)
{
	static const char passwd[] = "root:x:0:0::/:\nx:y\n:::\na:x:5:6::/:/x:more:and:more\nbig:x:4294967295:0\n7:x:8:9::";
	static const char group[] = "g:x:10:a\nh:x:11";

	(void)state;
	user_is("a", passwd, group, 5, 6);
	user_is("5", passwd, group, 5, 6);
	user_is("6", passwd, group, 6, 0);
	user_is("7", passwd, group, 8, 9);	/* a name made of digits is a name first, as in Docker */
	user_is("a:h", passwd, group, 5, 11);
	user_is("a:12", passwd, group, 5, 12);
	user_is("99:12", NULL, NULL, 99, 12);
	user_is("0", NULL, NULL, 0, 0);
}

static void users_that_are_not_there_are_errors(void **state)
{
	static const char *const users[] = { "b", "big", "4294967295", "-1", ":1", "a:", "a:x", "1:4294967296", "0x1", " 1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
		struct manifest_container stated = { .name = { .value = "c" } };
		struct oci_process process = { .user = { .uid = 77 } };
		struct compiled_container container = { .manifest = &stated, .config = { .process = &process },
							.user = users[i] };
		struct arena arena = { 0 };
		struct error err = { 0 };

		if (compile_resolve_user(&container, "a:x:5:6\nbig:x:4294967295:0", "", &arena, &err) == 0)
			fail_msg("'%s' was taken", users[i]);
		assert_int_equal(process.user.uid, 77);
		arena_release(&arena);
	}
}

static void images_of_init_that_are_ours(void **state)
{
	static const struct {
		const char *reference;
		bool ours;
	} cases[] = {
		{ "linuxkit/init:8f1e6a0747acbbb4d7e24dc98f97faa8d1c6cec7", true },
		{ "docker.io/linuxkit/runc@sha256:00", true },
		{ "linuxkit/containerd", true },
		{ "index.docker.io/linuxkit/containerd:v1", true },
		{ "linuxkit/containerd-dev:v1", false },
		{ "linuxkit/ca-certificates:v1", false },
		{ "example.com/linuxkit/init:v1", false },
		{ "init", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(compile_init_image_replaced(cases[i].reference), cases[i].ours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modules_come_after_what_they_stand_on),
		cmocka_unit_test(broken_module_lists_are_errors),
		cmocka_unit_test(a_long_chain_of_modules_is_refused_not_followed_forever),
		cmocka_unit_test(the_command_line_has_what_the_manifest_does_not_say),
		cmocka_unit_test(a_command_line_too_long_is_refused),
		cmocka_unit_test(users_are_looked_up_in_the_image),
		cmocka_unit_test(users_that_are_not_there_are_errors),
		cmocka_unit_test(images_of_init_that_are_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
