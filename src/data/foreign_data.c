/* One row a form. The lines need Python with the library that wrote the file, or the program that packed it; they take
 * the path as an argument in quotes, because a path may hold anything. */
#include "data/foreign_data.h"

#include "base/text.h"

#include <string.h>

typedef struct data_form {
    const char *bytes;
    size_t size;
    const char *ending; /* NULL: told by its bytes alone */
    const char *what, *line, *argument;
    assay_status status;
} data_form;

static const char excel[] = "python3 -c \"import sys, pandas; pandas.read_excel(sys.argv[1]).to_json('pairs.jsonl', "
                            "orient='records', lines=True, force_ascii=False)\" ";
static const char arrow_file[] = "python3 -c \"import sys, pyarrow as a, pyarrow.parquet as q; "
                                 "q.write_table(a.ipc.open_file(sys.argv[1]).read_all(), 'pairs.parquet')\" ";
static const char arrow_stream[] = "python3 -c \"import sys, pyarrow as a, pyarrow.parquet as q; "
                                   "q.write_table(a.ipc.open_stream(sys.argv[1]).read_all(), 'pairs.parquet')\" ";

/* The first that fits counts. */
static const data_form forms[] = {
    {"\xFF\xFE", 2, NULL, "UTF-16 text", "save it as UTF-8 (iconv -f UTF-16 -t UTF-8)", NULL, ASSAY_E_FORMAT},
    {"\xFE\xFF", 2, NULL, "UTF-16 text", "save it as UTF-8 (iconv -f UTF-16 -t UTF-8)", NULL, ASSAY_E_FORMAT},
    {"PK\3\4", 4, ".xlsx", "an Excel workbook", excel, "", ASSAY_E_UNSUPPORTED},
    {"\xD0\xCF\x11\xE0", 4, NULL, "an old Excel workbook", excel, "", ASSAY_E_UNSUPPORTED},
    {"PK\3\4", 4, NULL, "a zip archive", "unzip ", "", ASSAY_E_UNSUPPORTED},
    {"ARROW1\0\0", 8, NULL, "an Arrow file", arrow_file, "", ASSAY_E_UNSUPPORTED},
    {"\xFF\xFF\xFF\xFF", 4, NULL, "an Arrow stream, as `datasets` keeps its tables", arrow_stream, "",
     ASSAY_E_UNSUPPORTED},
    {"\x28\xB5\x2F\xFD", 4, NULL, "packed with zstd", "zstd -d ", "", ASSAY_E_UNSUPPORTED},
    {"\xFD\x37zXZ", 5, NULL, "packed with xz", "xz -d -k ", "", ASSAY_E_UNSUPPORTED},
    {"BZh", 3, ".bz2", "packed with bzip2", "bzip2 -d -k ", "", ASSAY_E_UNSUPPORTED},
    {"\x37z\xBC\xAF\x27\x1C", 6, NULL, "a 7z archive", "7z x ", "", ASSAY_E_UNSUPPORTED},
};

enum { FORM_COUNT = sizeof forms / sizeof *forms };

static bool ends_with(const char *name, const char *ending)
{
    size_t length = strlen(name), size = strlen(ending);
    return length > size && !assay_text_compare(name + length - size, ending);
}

static assay_status refuse(const data_form *form, const char *path, assay_error *err)
{
    if (!form->argument) return assay_error_set(err, form->status, "%s is %s; %s", path, form->what, form->line);
    return assay_error_set(err, form->status, "%s is %s, which is not read; type: %s'%s'", path, form->what, form->line,
                           path);
}

assay_status assay_foreign_data_check(const char *path, const char *bytes, size_t size, assay_error *err)
{
    for (size_t i = 0; i < FORM_COUNT; i++) {
        const data_form *form = forms + i;
        bool fits = size >= form->size && !memcmp(bytes, form->bytes, form->size);
        if (fits && (!form->ending || ends_with(path, form->ending))) return refuse(form, path, err);
    }
    return ASSAY_OK;
}

bool assay_foreign_data_begins(const char *bytes, size_t size)
{
    for (size_t i = 0; i < FORM_COUNT; i++)
        if (size < forms[i].size && !memcmp(bytes, forms[i].bytes, size)) return true;
    return false;
}

bool assay_foreign_data_named(const char *name)
{
    static const char *const endings[] = {".xlsx", ".xls", ".zip", ".arrow", ".feather", ".zst", ".xz", ".bz2", ".7z"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (ends_with(name, endings[i])) return true;
    return false;
}

assay_status assay_foreign_data_parquet(const char *path, const char *how, const char *line, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "%s is a Parquet file that comes %s, and its end is needed before its beginning; %s", path,
                           how, line);
}
