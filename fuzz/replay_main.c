/* Runs a target over the files of folders (or single files) given as arguments, without libFuzzer. A crash or a
 * sanitizer's report ends the program; otherwise the last line says how many inputs there were. Where a folder was
 * given, a config of packed weights that none of all these is read with fails too: nothing would be decoded any more.
 */
#include "decode_weight.h"
#include "fuzz_file.h"

#include "base/file.h"

#include <stdio.h>

static int replay_file(const char *path)
{
    char *data;
    size_t size;
    assay_error err = {0};
    if (assay_file_read(path, 1 << 24, &data, &size, &err) != ASSAY_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 0;
    }
    LLVMFuzzerTestOneInput((const uint8_t *)data, size);
    assay_free(data);
    return 1;
}

static int replay_folder(const char *folder)
{
    char **names;
    size_t count;
    int done = 0;
    if (assay_list_dir(folder, &names, &count, NULL) != ASSAY_OK) return 0;
    for (size_t i = 0; i < count; i++) {
        char *path = assay_path_join(folder, names[i]);
        if (path) done += replay_file(path);
        assay_free(path);
    }
    assay_names_free(names, count);
    return done;
}

int main(int argc, char **argv)
{
    int done = 0;
    bool kept = false;
    for (int i = 1; i < argc; i++) {
        bool folder = assay_path_is_dir(argv[i]);
        done += folder ? replay_folder(argv[i]) : replay_file(argv[i]);
        kept = kept || folder;
    }
    const char *unread = kept ? assay_fuzz_unread_config() : NULL;
    if (unread) fprintf(stderr, "every input is refused with the config %s\n", unread);
    printf("%d inputs\n", done);
    return done > 0 && !unread ? 0 : 1;
}
