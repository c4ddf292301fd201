/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of `slipway`, one file a command; main.c has the table of them. */
#ifndef SLIPWAY_COMMAND_H
#define SLIPWAY_COMMAND_H

#include "base/option.h"
#include "tools/mkimage/source/store.h"

extern const struct option_command command_build;
extern const struct option_command command_run;
extern const struct option_command command_test;
extern const struct option_command command_ctl;
extern const struct option_command command_bootchart;
extern const struct option_command command_plan;
extern const struct option_command command_lock;
extern const struct option_command command_import;
extern const struct option_command command_pkg_build;
extern const struct option_command command_kernel_check;

extern const struct option_command command_inspect;
extern const struct option_command command_diff;
extern const struct option_command command_sbom;

extern const struct option_command command_image_pull;
extern const struct option_command command_image_push;
extern const struct option_command command_image_copy;
extern const struct option_command command_image_tags;
extern const struct option_command command_image_show;
extern const struct option_command command_image_referrers;
extern const struct option_command command_image_delete;
extern const struct option_command command_image_verify;
extern const struct option_command command_image_import;
extern const struct option_command command_image_ls;
extern const struct option_command command_image_inspect;
extern const struct option_command command_image_tag;
extern const struct option_command command_image_rm;
extern const struct option_command command_image_gc;

/* Help of the option that every command with a store has; its value goes to command_store_open(). */
#define COMMAND_STORE_HELP "image store (default $SLIPWAY_STORE, else $XDG_DATA_HOME/slipway/store)"

/* `option` is what --store said, or NULL. */
int command_store_open(const char *option, struct store **store, struct error *err);

/*
 * A command with one operand: reads the command line into `options` (all zero, what the command's table is about), does `act`, and
 * says what went wrong. The exit status.
 */
typedef int command_action(const void *options, const char *operand, struct arena *arena, struct error *err);
int command_with_operand(const struct option_command *command, int argc, char **argv, void *options, command_action *act);

/* What a report is put out by: `path` (whole or not at all), standard output where it is NULL. */
int command_put_out(const char *path, const struct buffer *text, struct error *err);

/* A file that came with this program: BIN/slipway and LIBEXEC/slipway/NAME have the same parent, built or installed. */
const char *command_beside(const char *name, struct arena *arena);

#endif
