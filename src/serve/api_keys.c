#include "serve/api_keys.h"

#include "base/file.h"

#include <string.h>
#include <sys/stat.h>

enum { FILE_CEILING = 1 << 20 };

static char *strip(char *line)
{
    size_t length = strlen(line);
    while (length && strchr(" \t\r", line[length - 1])) line[--length] = '\0';
    return line + strspn(line, " \t");
}

static bool is_mark(const char *text, size_t size, const char *mark)
{
    return size >= strlen(mark) && !memcmp(text, mark, strlen(mark));
}

static assay_status check_bytes(const char *text, size_t size, const char *path, assay_error *err)
{
    if (is_mark(text, size, "\xff\xfe") || is_mark(text, size, "\xfe\xff"))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s is UTF-16; save it as UTF-8, one key a line", path);
    const char *zero = memchr(text, 0, size);
    if (!zero) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%s has a zero byte at offset %zu; it should be text, one key a line",
                           path, (size_t)(zero - text));
}

static bool is_readable_by_all(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && (about.st_mode & S_IROTH);
}

assay_status assay_api_keys_read(assay_api_keys *keys, const char *path, assay_error *err)
{
    size_t size;
    *keys = (assay_api_keys){0};
    ASSAY_TRY(assay_file_read(path, FILE_CEILING, &keys->text, &size, err));
    ASSAY_TRY(check_bytes(keys->text, size, path, err));
    keys->readable_by_all = is_readable_by_all(path);
    char *rest = keys->text + (is_mark(keys->text, size, "\xef\xbb\xbf") ? 3 : 0);
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        char *key = strip(line);
        if (!*key || *key == '#') continue;
        ASSAY_TRY(assay_grow(&keys->keys, &keys->capacity, keys->count + 1, sizeof *keys->keys, err));
        keys->keys[keys->count++] = key;
    }
    return keys->count ? ASSAY_OK
                       : assay_error_set(err, ASSAY_E_FORMAT, "%s holds no key; one a line is expected", path);
}

void assay_api_keys_release(assay_api_keys *keys)
{
    assay_free(keys->text);
    assay_free(keys->keys);
    *keys = (assay_api_keys){0};
}

static bool same(const char *key, const char *given, size_t length)
{
    size_t key_length = strlen(key);
    volatile unsigned char difference = key_length != length;
    for (size_t i = 0; i < length; i++)
        difference = (unsigned char)(difference | (key[key_length ? i % key_length : 0] ^ given[i]));
    return !difference;
}

bool assay_api_keys_match(const assay_api_keys *keys, const char *given, size_t length)
{
    volatile unsigned found = 0;
    for (size_t i = 0; given && i < keys->count; i++) found |= (unsigned)same(keys->keys[i], given, length);
    return found != 0;
}
