#!/usr/bin/env python3
"""mesh.py N COMMAND...: starts COMMAND N times as a launcher of an MPI would, over tests/mesh_transport.h.

ASSAY_MPI in the environment names that transport as a plug-in. The exit code is the first that is not 0; one process's
ending ends no other. All codes stand on stderr, a signal as its negative number.
"""
import os
import socket
import subprocess
import sys


def connect(size):
    fds = [[-1] * size for _ in range(size)]
    for a in range(size):
        for b in range(a + 1, size):
            left, right = socket.socketpair()
            fds[a][b], fds[b][a] = left.detach(), right.detach()
    return fds


def start(rank, size, fds, calls, command):
    own = [pair[0] if r == rank else pair[1] for r, pair in enumerate(calls)]
    environment = dict(os.environ, OMPI_COMM_WORLD_SIZE=str(size), MESH_RANK=str(rank), MESH_FDS=",".join(map(str, fds)),
                       MESH_CALLS=",".join(map(str, own)))
    return subprocess.Popen(command, env=environment, pass_fds=[fd for fd in fds + own if fd >= 0])


def main():
    size, command = int(sys.argv[1]), sys.argv[2:]
    fds = connect(size)
    calls = [[end.detach() for end in socket.socketpair()] for _ in range(size)]
    children = [start(rank, size, fds[rank], calls, command) for rank in range(size)]
    for row in fds + calls:
        for fd in row:
            if fd >= 0:
                os.close(fd)
    codes = [child.wait() for child in children]
    print("mesh:", *codes, file=sys.stderr)
    sys.exit(next((code for code in codes if code > 0), 0))


main()
