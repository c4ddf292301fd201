/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where running machines are found: each has a socket $XDG_RUNTIME_DIR/slipway/NAME that leads to its control, while
 * `slipway run` runs. Without that variable the directory is /tmp/slipway-UID, which must be the user's alone.
 */
#ifndef SLIPWAY_MACHINES_H
#define SLIPWAY_MACHINES_H

#include "base/arena.h"
#include "base/error.h"

/* The name of what was built as `path`: "build/run/hello.yml", "hello-kernel" and "hello" are "hello". */
const char *machine_name(const char *path, struct arena *arena);

/*
 * Listens at the name, or at the first of NAME-2, NAME-3, ... where other machines have it. The descriptor, with the path in
 * `path`, which is to be unlinked at the end; -1 with the error.
 */
int machine_listen(const char *name, const char **path, struct arena *arena, struct error *err);

/* Connects to the machine of that name, or to the only one there is where `name` is NULL. */
int machine_connect(const char *name, struct error *err);

#endif
