/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `machines:` of a manifest: several machines on a network of their own.
 *
 *     kernel: {...}			what stands beside the list is said of each machine,
 *     machines:
 *       - name: db
 *         services: [...]		but where it says otherwise itself, key by key;
 *       - name: web
 *         manifest: web.yml		or it is all that another file says
 *
 * Machine N of the list, from 1 on, has the address 10.200.0.N on the interface lan0, and knows the others by their names.
 */
#ifndef MKIMAGE_MANIFEST_MACHINES_H
#define MKIMAGE_MANIFEST_MACHINES_H

#include "tools/mkimage/manifest/manifest.h"

#define MANIFEST_MACHINES_MAX 64u	/* replicas counted one by one */

struct manifest_machine {
	const char *name;		/* of one of several replicas with its number: "node2" */
	const char *path;		/* of the manifest it is made from: the file itself, or what `manifest` names */
	unsigned int memory, cpus;	/* MiB; 0: not said */
	bool critical;			/* a test has no result when it dies */
	struct manifest manifest;	/* checked, with its place on the network */
};

struct manifest_machines {
	struct manifest_machine *items;
	size_t count;			/* 0: the file is the manifest of one machine, and nothing else is known of it */
};

/* Reads bytes of YAML, and the files that they name by `manifest`, and checks all. `path` is as for manifest_parse(). */
int manifest_machines_parse(const char *path, const char *text, size_t length, struct arena *arena,
			    struct manifest_machines *machines, struct error *err);

/* The same of a file. */
int manifest_machines_read(const char *path, struct arena *arena, struct manifest_machines *machines, struct error *err);

/* One of them, by its name; an error that names the others where there is none. */
int manifest_machine_read(const char *path, const char *name, struct arena *arena, struct manifest *manifest, struct error *err);

#endif
