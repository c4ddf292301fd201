/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths that come from an image, a config or a manifest: cleaned as text, and
 * opened so that they cannot lead outside their root.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"

/*
 * The path without empty and `.` parts, `..` taken back, and no leading or
 * trailing slash: "/a//b/../c/" gives "a/c", "/" gives "". A `..` above the root stays
 * at the root, as in a chroot. Text only: no symlink is looked at.
 */
char *path_clean(struct arena *arena, const char *path);

/* True where a `..` would climb above the start of the path. */
bool path_escapes(const char *path);

/* The part behind the last slash; the text itself where there is none. Borrowed. */
const char *path_base(const char *path);

/* What stands before it, with the slash; "." where there is none. */
const char *path_directory(struct arena *arena, const char *path);

/* `directory/name` with exactly one slash between. */
char *path_join(struct arena *arena, const char *directory, const char *name);

/*
 * `name` in a directory of the user: that of the environment's `variable` ("XDG_CACHE_HOME"), else `below` (".cache") the home
 * directory. A relative path in such a variable is ignored, as the XDG Base Directory Specification wants it. NULL where neither is set.
 */
const char *path_of_user(struct arena *arena, const char *variable, const char *below, const char *name);

/*
 * Opens `path` inside `rootfd` with openat2(2) RESOLVE_IN_ROOT: absolute
 * symlinks and `..` stay inside. Magic links are refused. O_CLOEXEC is added.
 * Returns the descriptor or -1 with the error set.
 */
int path_open_in_root(int rootfd, const char *path, int flags, mode_t mode, struct error *err);

/*
 * The same, after making what is missing: directories down to the last part, and
 * the last part as a directory (`directory` true) or an empty regular file.
 * Returns an O_PATH descriptor of the last part.
 */
int path_make_in_root(int rootfd, const char *path, bool directory, mode_t mode, struct error *err);

#endif
