#include "report/report.h"

#include "base/file.h"
#include "report/report_private.h"

static void build(assay_page *page, const assay_run_data *data)
{
    const char *folder = assay_path_base(data->folder);
    assay_page_add(page,
                   "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                   "content=\"width=device-width, initial-scale=1\">\n"
                   "<meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\"><title>");
    assay_page_text(page, folder);
    assay_page_add(page, ": reward model report</title>\n<style>\n");
    if (page->status == ASSAY_OK) page->status = assay_buf_text(&page->buf, assay_report_style, page->err);
    assay_page_add(page, "</style></head>\n<body><main>\n");
    assay_report_summary(page, data);
    assay_report_training(page, data);
    assay_report_evaluation(page, data);
    assay_report_worst(page, data);
    assay_report_facts(page, data);
    assay_page_add(page, "</main>\n<script>\n");
    if (page->status == ASSAY_OK) page->status = assay_buf_text(&page->buf, assay_report_script, page->err);
    assay_page_add(page, "</script>\n</body></html>\n");
}

static assay_status write_page(const assay_run_data *data, const char *path, size_t *bytes, assay_error *err)
{
    assay_page page;
    assay_page_init(&page, err);
    build(&page, data);
    assay_status status = page.status;
    if (status == ASSAY_OK) status = assay_file_write_atomic(path, page.buf.data, page.buf.size, err);
    if (bytes) *bytes = page.buf.size;
    assay_page_release(&page);
    return status;
}

/* The folder's own name, also of "runs/a/" and ".". */
static assay_status folder_name(const char *folder, char **name, assay_error *err)
{
    if (assay_path_is_dir(folder)) return assay_path_absolute(folder, name, err);
    *name = assay_strdup(folder);
    ASSAY_TRY_ALLOC(*name, "a path", err);
    return ASSAY_OK;
}

assay_status assay_report_write(const char *folder, const char *path, size_t *bytes, assay_error *err)
{
    assay_run_data data = {0};
    char *name = NULL, *own = NULL;
    ASSAY_TRY(folder_name(folder, &name, err));
    assay_status status = assay_run_data_open(&data, name, err);
    if (status == ASSAY_OK && !path && !(own = assay_path_join(folder, ASSAY_REPORT_NAME)))
        status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a path");
    if (status == ASSAY_OK) status = write_page(&data, path ? path : own, bytes, err);
    assay_run_data_close(&data);
    assay_free(own);
    assay_free(name);
    return status;
}
