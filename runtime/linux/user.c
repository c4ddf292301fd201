/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"

#define PASSWD_BYTES_MAX (1u << 20)

static int set_groups(const struct oci_user *user, struct error *err)
{
	size_t count = user->additional_gids_count;

	/* By system call: a C library may want to tell its threads, and there are none. */
	if (syscall(SYS_setgroups, count, user->additional_gids) == 0)
		return 0;
	/* A user namespace made without privilege has no setgroups(2); then there is nothing to add either. */
	if (errno == EPERM && count == 0)
		return 0;
	return error_errno(err, "cannot set the additional groups");
}

int user_apply(const struct oci_user *user, struct error *err)
{
	if (user->has_umask)
		(void)umask(user->umask & 0777);
	else
		(void)umask(0022);
	if (set_groups(user, err) < 0)
		return -1;
	/* They go when root becomes another. */
	if (user->uid != 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return error_errno(err, "cannot keep the capabilities");
	if (syscall(SYS_setresgid, user->gid, user->gid, user->gid) < 0)
		return error_errno(err, "cannot become group %u", user->gid);
	if (syscall(SYS_setresuid, user->uid, user->uid, user->uid) < 0)
		return error_errno(err, "cannot become user %u", user->uid);
	return 0;
}

/* One line "name:password:uid:gid:comment:home:shell": its field, ended in place; NULL where it is not there. */
static char *field(char *line, unsigned int which)
{
	while (which-- > 0) {
		line = strchr(line, ':');
		if (!line)
			return NULL;
		line++;
	}
	return line;
}

const char *user_home(uint32_t uid, struct arena *arena)
{
	autobuffer struct buffer text = { 0 };

	if (file_read(AT_FDCWD, "/etc/passwd", PASSWD_BYTES_MAX, &text, NULL) < 0)
		return "/";
	for (char *line = text.data, *next; line && *line; line = next) {
		char *number, *home, *end;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		number = field(line, 2);
		home = field(line, 5);
		if (!number || !home || strtoul(number, &end, 10) != uid || end == number || *end != ':')
			continue;
		home[strcspn(home, ":")] = '\0';
		return *home ? arena_strdup(arena, home) : "/";
	}
	return "/";
}

bool user_is_ordinary(void)
{
	/* The kernel left it for the program to find: no system call. */
	return getauxval(AT_EUID) != 0;
}
