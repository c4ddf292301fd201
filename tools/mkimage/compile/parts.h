/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of compile/: what its files offer each other. Each of them turns one
 * aspect of a container's manifest into its part of the config or of the plan.
 */
#ifndef MKIMAGE_COMPILE_PARTS_H
#define MKIMAGE_COMPILE_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/mkimage/compile/compile.h"

/* One container while it is compiled. */
struct job {
	const struct compile_input *input;
	struct arena *arena;
	struct error *err;
	enum plan_stage stage;
	size_t index;				/* in its stage */
	const struct manifest_container *stated;	/* as the manifest has it */
	const struct oci_image *image;
	struct manifest_container merged;	/* the image's label, overridden by `stated` key by key */
	uint64_t capabilities;			/* a bit a capability, by its number */
	bool own_pid;				/* it gets a PID namespace of its own */
};

/* "PLACE: services[2].MESSAGE"; the message begins with the key: "binds: ...". Returns -1. */
int job_error(const struct job *job, const struct place *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* merge.c: `merged` from the label and the manifest. */
int merge_label(struct job *job);

/* capabilities.c */
#define CAPABILITIES_ALL ((UINT64_C(1) << 41) - 1)
#define CAPABILITY(number) (UINT64_C(1) << (number))
int capabilities_compile(struct job *job, struct oci_process *process);

/* compile.c: whose machine it is for. */
const struct architecture *architecture_wanted(const struct compile_input *input);

/* The questions that decisions about confinement ask. */
bool job_is_privileged(const struct job *job);	/* has every capability */
bool job_administers(const struct job *job);	/* has CAP_SYS_ADMIN: could undo any masking from inside */

/* mounts.c */
int mounts_compile(struct job *job, struct oci_config *config);

/* The mount that a path inside the container lies on; NULL where it is the rootfs. */
const struct oci_mount *mount_below(const struct oci_config *config, const char *path);

/* The container gets a user namespace of its own. */
bool job_maps_ids(const struct job *job);

/* namespaces.c */
int namespaces_compile(struct job *job, struct oci_config *config);
int mappings_compile(struct job *job, const char *key, const struct manifest_id_mappings *stated,
		     struct oci_id_mappings *out);

/* devices.c */
int devices_compile(struct job *job, struct oci_linux *linux_);

/* limits.c: rlimits and cgroup resources. */
int limits_compile(struct job *job, struct oci_config *config);

/* resources.c: the same by our short keys; and what only the machine can say at boot. */
int resources_compile(struct job *job, struct oci_resources *resources);
int resources_prepare(struct job *job, struct plan *plan);

/* probes.c: `ready` and `watchdog` of the container's record, which has `oneshot` already; then records of its own. */
int ready_compile(struct job *job, struct plan_container *out);
int probes_compile(struct job *job, struct plan *plan);

/* credentials.c. The mount: true where there is one. */
bool credentials_mount(const struct job *job, struct oci_mount *mount);
void credentials_environment(const struct job *job, struct oci_strings *env);
int credentials_prepare(struct job *job, struct plan *plan);

/* container.c: NAME=VALUE in place of one of that name. */
void job_add_variable(const struct job *job, struct oci_strings *env, const char *name, const char *value);

/* filters.c: of the container that is compiled last, whose config and record are finished. */
int filter_compile(struct job *job, struct compiled *out);

/* Its program has a socket for sd_notify(3). */
bool job_notifies(const struct job *job);

/* The container's place among all, from 0. */
size_t job_position(const struct job *job);

/* confinement.c: no_new_privileges, masked and read-only paths, seccomp. Comes after mounts and capabilities. */
int confinement_compile(struct job *job, struct oci_config *config);

/* seccomp.c: the default profile, with what the capabilities unlock. */
struct oci_seccomp *seccomp_default(const struct architecture *architecture, uint64_t capabilities, struct arena *arena);

/* user.c */
int user_compile(struct job *job, struct compiled_container *out);

/* container.c: one container to its config. */
int container_compile(struct job *job, struct compiled_container *out);

/* supervision.c: how PID 1 looks after it. */
int supervision_compile(struct job *job, struct plan_container *out);

/* prepare.c: appends what `runtime:` asks for to the plan. */
int prepare_compile(struct job *job, struct plan *plan);
/* Where PID 1 pins the container's new network namespace before it starts; NULL where the container makes its own. */
const char *prepare_network_path(const struct job *job);

/* storage.c: `storage` records. Comes before the modules. */
int storage_compile(const struct compile_input *input, struct arena *arena, struct compiled *out, struct error *err);

struct module_wish {
	const char *name, *why;
	bool needed;			/* a kernel that has it neither as a module nor built in will not do */
};

/* The modules that the storage of the plan needs, in the arena; their count. */
size_t storage_modules_wanted(const struct plan *plan, struct arena *arena, struct module_wish **wishes);

/* modules.c */
int modules_compile(const struct compile_input *input, struct arena *arena, struct compiled *out,
		    struct error *err);

/* aliases.c: which modules the machine can load by itself; after modules.c, which says what is kept. */
int aliases_compile(const struct compile_input *input, struct arena *arena, struct compiled *out, struct error *err);

/* modules.c: "kernel/drivers/char/hw_random/virtio-rng.ko.xz" is "virtio_rng". */
char *module_name(struct arena *arena, const char *path, size_t length);

/* cmdline.c */
int cmdline_compile(const struct compile_input *input, struct arena *arena, struct compiled *out,
		    struct error *err);

/* verity.c: whether the manifest has it, and there is a device of the root for it. */
bool verity_is_wanted(const struct compile_input *input);

/* logging.c */
struct plan_log logging_of(const struct manifest *manifest, const struct manifest_log *stated);
int logging_compile(const struct compile_input *input, struct arena *arena, struct plan *plan, struct error *err);

/* policies.c: what the machine does about itself: watchdog, panic, clock and their like. Comes after machine.c. */
int policies_compile(const struct compile_input *input, struct plan *plan, struct arena *arena, struct error *err);

/* machine.c: `machine` and `sysctl` records. */
int machine_compile(const struct compile_input *input, struct arena *arena, struct plan *plan, struct error *err);

/* network.c: `link` and `route` records, and what `machine` says about the network. */
void network_compile(const struct compile_input *input, struct arena *arena, struct plan *plan);

#endif
