/* SPDX-License-Identifier: Apache-2.0 */
/* Becomes another program. Linked to an address of its own, so that a count can begin where it is entered. */
#include <unistd.h>

int main(int argc, char **argv, char **envp)
{
	if (argc > 1)
		(void)execve(argv[1], argv + 1, envp);
	return 127;
}
