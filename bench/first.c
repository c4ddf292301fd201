/* SPDX-License-Identifier: Apache-2.0 */
/* The service of bench/boot.sh: it only ends. Linked far from everything else, so that its entry address is its own. */
int main(void)
{
	return 0;
}
