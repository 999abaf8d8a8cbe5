#include "fuzz_file.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[64], path[256];

static void drop_folder(void) { assay_remove_tree(folder, NULL); }

static void give_up(const char *what)
{
    perror(what);
    exit(2);
}

const char *assay_fuzz_folder(void)
{
    if (*folder) return folder;
    snprintf(folder, sizeof folder, "%s/assay-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder)) give_up(folder);
    atexit(drop_folder);
    return folder;
}

const char *assay_fuzz_put(const char *name, const void *data, size_t size)
{
    snprintf(path, sizeof path, "%s/%s", assay_fuzz_folder(), name);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || (size && write(file, data, size) != (ssize_t)size)) give_up(path);
    close(file);
    return path;
}

void assay_fuzz_touch(const void *data, size_t size)
{
    volatile uint8_t sum = 0;
    for (size_t i = 0; i < size; i++) sum = (uint8_t)(sum + ((const uint8_t *)data)[i]);
}
