// SPDX-License-Identifier: Apache-2.0
/* vsock PORT: connects to this machine's own port, as a container could, and says what comes of it: refused, closed, or answered. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/vm_sockets.h>

int main(int argc, char **argv)
{
	struct sockaddr_vm address = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_LOCAL };
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte;

	if (argc != 2 || fd < 0)
		return 2;
	address.svm_port = (unsigned int)atoi(argv[1]);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		puts("refused");
	else
		puts(read(fd, &byte, 1) > 0 ? "answered" : "closed");
	return 0;
}
