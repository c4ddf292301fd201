/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/cgroup_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "runtime/linux/user.h"

#define DELEGATED "/sys/kernel/cgroup/delegate"
#define DELEGATED_BYTES_MAX 4096

/* Where the kernel does not tell, these: the specification's list. */
static const char always_delegated[] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";

static bool has_word(const struct oci_strings *words, const char *word)
{
	for (size_t i = 0; i < words->count; i++)
		if (strcmp(words->items[i], word) == 0)
			return true;
	return false;
}

static bool is_mounted_writable(const struct oci_config *config)
{
	for (size_t i = 0; i < config->mounts_count; i++) {
		const struct oci_mount *m = &config->mounts[i];

		if (m->source && strcmp(m->source, "cgroup") == 0 && strcmp(m->destination, "/sys/fs/cgroup") == 0)
			return !has_word(&m->options, "ro");
	}
	return false;
}

/* The machine's number for a user of the container; false where there is none that is known. */
static bool find_outside(const struct oci_config *config, const struct namespaces *namespaces, uint32_t uid, uint32_t *out)
{
	const struct oci_id_mappings *mappings = &config->linux_.uid_mappings;

	*out = uid;
	if (!((namespaces->make | namespaces->join) & CLONE_NEWUSER))
		return true;
	for (size_t i = 0; i < mappings->count; i++) {
		const struct oci_id_mapping *m = &mappings->items[i];

		if (uid >= m->container_id && uid - m->container_id < m->size) {
			*out = m->host_id + (uid - m->container_id);
			return true;
		}
	}
	return false;
}

static int own_file(int directory, const char *name, uint32_t owner, struct error *err)
{
	/* Not every cgroup has every file; and a user's own cgroup is that user's already. */
	if (fchownat(directory, name, owner, (gid_t)-1, *name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH) == 0 ||
	    errno == ENOENT || (errno == EPERM && user_is_ordinary()))
		return 0;
	return error_errno(err, "cannot give the cgroup's '%s' to user %u", name, owner);
}

int cgroup_own(const struct cgroup *cgroup, const struct oci_config *config, const struct namespaces *namespaces,
	       struct error *err)
{
	autobuffer struct buffer delegated = { 0 };
	autoclose int directory = -1;
	uint32_t owner;

	if (!cgroup->unified || cgroup->count == 0 || !cgroup->items[0].made || !config->process ||
	    !(namespaces->make & CLONE_NEWCGROUP) || !is_mounted_writable(config) ||
	    !find_outside(config, namespaces, config->process->user.uid, &owner))
		return 0;
	if (file_read(AT_FDCWD, DELEGATED, DELEGATED_BYTES_MAX, &delegated, err) < 0) {
		if (err->number != ENOENT)
			return -1;
		buffer_add_string(&delegated, always_delegated);
	}
	directory = cgroup_open_directory(&cgroup->items[0], err);
	if (directory < 0 || own_file(directory, "", owner, err) < 0)
		return -1;
	for (char *rest = delegated.data, *name; (name = strsep(&rest, "\n"));)
		if (*name && own_file(directory, name, owner, err) < 0)
			return -1;
	return 0;
}
