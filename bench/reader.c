/* SPDX-License-Identifier: Apache-2.0 */
/* Reads blocks of a file at random places, the same ones each time: bench/root-format.sh counts from main() to finished(). */
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#define BLOCK  4096
#define BLOCKS 1000

__attribute__((noinline, used)) void finished(void)
{
	__asm__ volatile("");
}

int main(int argc, char **argv)
{
	static char block[BLOCK];
	int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;
	off_t size = lseek(fd, 0, SEEK_END);
	uint32_t random = 1;

	for (int i = 0; i < BLOCKS && size > BLOCK; i++) {
		random = random * 1664525u + 1013904223u;
		if (pread(fd, block, BLOCK, (off_t)(random % (uint32_t)(size / BLOCK)) * BLOCK) != BLOCK)
			return 1;
	}
	if (size <= BLOCK)
		return 1;
	finished();
	return 0;
}
