/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime by itself, for hosts: the same as in init/main.c, without PID 1 and what it does with disks. */
#include "runtime/command/command.h"

int main(int argc, char **argv)
{
	return runtime_main(argc, argv);
}
