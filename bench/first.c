/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service of bench/boot.sh: it only ends, and not before its neighbours have been started. Linked far from everything else, so
 * that its entry address is its own.
 */
#include <unistd.h>

int main(void)
{
	(void)sleep(2);
	return 0;
}
