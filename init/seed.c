/* SPDX-License-Identifier: Apache-2.0 */
#include "init/seed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "init/init.h"

#define SEED_PATH STATE_DIRECTORY "/" SEED_NAME
#define SEED_BYTES 512

struct pool_info {			/* struct rand_pool_info, whose array has no length */
	int bits, bytes;
	unsigned char data[SEED_BYTES];
};

/* 0 where there is none, or it is none of ours. */
static size_t read_seed(unsigned char *data)
{
	autoclose int fd = open(SEED_PATH, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, data, SEED_BYTES) : -1;

	return n == SEED_BYTES ? (size_t)n : 0;
}

/* Into the kernel's pool, as something that may be known to others. */
static void stir(const unsigned char *data, size_t length)
{
	autoclose int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, data, length) < 0)
		return;
}

/*
 * The next seed. Where the kernel has no randomness of its own yet it gives what it has, in which the old seed may not be
 * stirred in so early: so each of its bytes is added as well, and the new one is as unknown as the old one was.
 */
static int write_seed(const unsigned char *old, size_t old_length, struct error *err)
{
	unsigned char data[SEED_BYTES];
	ssize_t n = getrandom(data, sizeof(data), GRND_NONBLOCK);

	if (n != sizeof(data))
		n = getrandom(data, sizeof(data), GRND_INSECURE);
	if (n != sizeof(data))
		return error_errno(err, "cannot get random numbers");
	for (size_t i = 0; i < old_length; i++)
		data[i] ^= old[i];
	return file_write_atomic(AT_FDCWD, SEED_PATH, data, sizeof(data), 0600, err);
}

int seed_load(void *context, struct error *err)
{
	const struct machine *machine = context;
	struct pool_info info = { 0 };
	autoclose int fd = -1;

	if (!machine->has_state)
		return 0;
	info.bytes = (int)read_seed(info.data);
	stir(info.data, (size_t)info.bytes);
	/* Credited only once it is replaced: a disk that cannot be written would give the same again. */
	if (write_seed(info.data, (size_t)info.bytes, err) < 0 || info.bytes == 0)
		return info.bytes == 0 ? 0 : -1;
	info.bits = SEED_BYTES * 8 / 16;
	fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, RNDADDENTROPY, &info) < 0)
		return error_errno(err, "cannot credit the random seed");
	return 0;
}

int seed_save(void *context, struct error *err)
{
	const struct machine *machine = context;

	return machine->has_state ? write_seed(NULL, 0, err) : 0;
}
