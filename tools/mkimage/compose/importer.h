/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the import of compose files share. All of it is in the arena. */
#ifndef MKIMAGE_COMPOSE_IMPORTER_H
#define MKIMAGE_COMPOSE_IMPORTER_H

#include "tools/mkimage/compose/compose.h"
#include "tools/mkimage/manifest/node.h"

struct compose_list {
	bool set;
	const char **items;
	size_t count;
};

enum compose_condition { COMPOSE_STARTED, COMPOSE_HEALTHY, COMPOSE_COMPLETED };

struct compose_dependency {
	struct place at;
	const char *service;
	enum compose_condition condition;
	bool required;
};

struct compose_build {
	bool set;
	const char *context, *dockerfile, *target, *platform;
	struct manifest_pairs args;
};

/* A service in the words of the manifest: NULL, false or empty where nothing is said. */
struct compose_service {
	const char *name;
	struct place at;
	const char *image;
	struct compose_build build;
	struct compose_list command, args, ports, binds, tmpfs, cap_add, cap_drop, devices, groups, rlimits, names;
	struct manifest_pairs env, sysctl, annotations;
	const char *cwd, *uid, *gid, *hostname, *net, *pid, *ipc, *uts, *seccomp;
	const char *memory, *memory_low, *cpu, *cpu_weight, *pids, *oom_score;
	const char *restart, *restart_delay, *restart_reset, *stop_signal, *stop_timeout;
	bool readonly, privileged, no_new_privileges, oneshot, wait_healthy;
	bool health_image;			/* the image's own check */
	struct compose_list health;		/* the program */
	const char *interval, *timeout, *retries, *start_period;
	struct compose_dependency *dependencies;
	size_t dependencies_count;
};

struct compose_file {			/* an element of `files:` */
	const char *path, *source, *contents, *symlink, *mode;
	bool directory;
};

struct compose_volume {
	const char *name, *from, *path;	/* the first service that mounts it, and where */
	const char *key;		/* in the compose file */
};

struct importer {
	const struct compose_input *input;
	struct arena *arena;
	struct error *err;
	struct buffer *notes;		/* lines of comments */
	struct manifest_pairs variables;	/* of .env */
	const struct node *configs, *secrets, *declared;	/* the top level's; declared: `volumes` */
	const char *project;
	struct compose_service *services;
	size_t services_count;
	struct compose_volume *volumes;
	size_t volumes_count;
	struct compose_file *files;
	size_t files_count;
	struct compose_list hosts;	/* further lines of /etc/hosts */
};

/* What cannot be kept, and why. */
void importer_note(struct importer *importer, const struct node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void list_add(struct importer *importer, struct compose_list *list, const char *text);

/* NULL, with the error set, where it is no text. */
const char *node_text(struct importer *importer, const struct node *node);
int node_flag(struct importer *importer, const struct node *node, bool *flag);
int node_expect(struct importer *importer, const struct node *node, enum node_kind kind, const char *expected);

/* interpolate.c: ${NAME} in all texts of the tree, from the environment and the directory's `.env`; interpolation of compose-spec. */
int compose_interpolate(struct importer *importer, struct node *root);
const char *compose_variable(const struct importer *importer, const char *name);

/* environment.c: "NAME=value" lines of `.env` and `env_file`; in place of pairs with the same name. A file that is not there is an error. */
int environment_read(struct importer *importer, const struct node *node, const char *path, bool required, struct manifest_pairs *pairs);
void pairs_put(struct importer *importer, struct manifest_pairs *pairs, const char *key, const char *value);
const char *pairs_find(const struct manifest_pairs *pairs, const char *key);

/* convert.c: the words of the compose file in those of the manifest; NULL with the error set. */
const char *convert_duration(struct importer *importer, const struct node *node);
const char *convert_size(struct importer *importer, const struct node *node);
int convert_words(struct importer *importer, const struct node *node, struct compose_list *list);
int convert_port(struct importer *importer, const struct node *node, struct compose_list *ports);

/* paths.c: where a path of the compose file is now, and what the manifest calls it. "~" is the home directory. */
const char *path_found(const struct importer *importer, const char *path);
const char *path_named(const struct importer *importer, const char *path);

/* mounts.c: an element of `volumes`, of `configs` or `secrets`. */
int mounts_volume(struct importer *importer, struct compose_service *service, const struct node *node);
int mounts_config(struct importer *importer, struct compose_service *service, const struct node *node, bool secret);

/* service.c */
int service_read(struct importer *importer, const struct node *node, struct compose_service *service);

/* write.c */
void compose_write(struct importer *importer, struct buffer *out);

#endif
