#include "python/py_point.h"

#include "python/py_case.h"

#include <utf8proc.h>

typedef struct point_range {
    int32_t first, last;
} point_range;

static bool is_in(const point_range *ranges, size_t count, int32_t point)
{
    for (size_t i = 0; i < count; i++)
        if (point >= ranges[i].first && point <= ranges[i].last) return true;
    return false;
}

int32_t assay_py_point_decode(const char *text, size_t *size)
{
    const unsigned char *byte = (const unsigned char *)text;
    *size = byte[0] < 0x80 ? 1 : byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
    if (*size == 1) return byte[0];
    if (*size == 2) return (byte[0] & 0x1f) << 6 | (byte[1] & 0x3f);
    if (*size == 3) return (byte[0] & 0x0f) << 12 | (byte[1] & 0x3f) << 6 | (byte[2] & 0x3f);
    return (byte[0] & 0x07) << 18 | (byte[1] & 0x3f) << 12 | (byte[2] & 0x3f) << 6 | (byte[3] & 0x3f);
}

size_t assay_py_point_encode(int32_t point, char out[4])
{
    return (size_t)utf8proc_encode_char(point, (utf8proc_uint8_t *)out);
}

bool assay_py_point_is_space(int32_t point)
{
    static const point_range wide[] = {{0x1680, 0x1680}, {0x2000, 0x200a}, {0x2028, 0x2029},
                                       {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};
    if (point < 0x80) return (point >= 9 && point <= 13) || (point >= 28 && point <= 32);
    return point == 0x85 || point == 0xa0 || is_in(wide, sizeof wide / sizeof *wide, point);
}

static utf8proc_category_t category(int32_t point) { return utf8proc_category(point); }

bool assay_py_point_is_printable(int32_t point)
{
    if (point < 0x7f) return point >= 0x20;
    utf8proc_category_t is = category(point);
    return is != UTF8PROC_CATEGORY_CN && is < UTF8PROC_CATEGORY_ZS;
}

bool assay_py_point_is_alpha(int32_t point)
{
    utf8proc_category_t is = category(point);
    return is >= UTF8PROC_CATEGORY_LU && is <= UTF8PROC_CATEGORY_LO;
}

bool assay_py_point_is_name(int32_t point)
{
    if (point < 0x80)
        return point == '_' || (point >= '0' && point <= '9') || ((point | 32) >= 'a' && (point | 32) <= 'z');
    utf8proc_category_t is = category(point);
    return (is >= UTF8PROC_CATEGORY_LU && is <= UTF8PROC_CATEGORY_NL && is != UTF8PROC_CATEGORY_ME) ||
           is == UTF8PROC_CATEGORY_PC;
}

bool assay_py_point_is_decimal(int32_t point) { return category(point) == UTF8PROC_CATEGORY_ND; }

bool assay_py_point_is_digit(int32_t point)
{
    static const point_range others[] = {
        {0xb2, 0xb3},     {0xb9, 0xb9},       {0x1369, 0x1371},   {0x19da, 0x19da},   {0x2070, 0x2070},
        {0x2074, 0x2079}, {0x2080, 0x2089},   {0x2460, 0x2468},   {0x2474, 0x247c},   {0x2488, 0x2490},
        {0x24ea, 0x24ea}, {0x24f5, 0x24fd},   {0x24ff, 0x24ff},   {0x2776, 0x277e},   {0x2780, 0x2788},
        {0x278a, 0x2792}, {0x10a40, 0x10a43}, {0x10e60, 0x10e68}, {0x11052, 0x1105a}, {0x1f100, 0x1f10a},
    };
    return assay_py_point_is_decimal(point) || is_in(others, sizeof others / sizeof *others, point);
}

/* The ideographs with a numeric value of common use; Unihan has some rarer ones. */
bool assay_py_point_is_numeric(int32_t point)
{
    static const int32_t ideographs[] = {0x3007, 0x4e00, 0x4e03, 0x4e07, 0x4e09, 0x4e24, 0x4e5d, 0x4e8c, 0x4e94,
                                         0x4ebf, 0x4edf, 0x4f0d, 0x4f70, 0x5104, 0x5146, 0x516b, 0x516d, 0x5341,
                                         0x5343, 0x5344, 0x5345, 0x534c, 0x53c1, 0x53c3, 0x56db, 0x58f1, 0x58f9,
                                         0x5eff, 0x5f10, 0x62fe, 0x634c, 0x67d2, 0x6f06, 0x7396, 0x767e, 0x8086,
                                         0x842c, 0x8cae, 0x8cb3, 0x8d30, 0x9621, 0x9646, 0x964c, 0x9678, 0x96f6};
    utf8proc_category_t is = category(point);
    if (is >= UTF8PROC_CATEGORY_ND && is <= UTF8PROC_CATEGORY_NO) return true;
    for (size_t i = 0; i < sizeof ideographs / sizeof *ideographs; i++)
        if (ideographs[i] == point) return true;
    return false;
}

bool assay_py_point_is_upper(int32_t point)
{
    static const point_range others[] = {
        {0x2160, 0x216f}, {0x24b6, 0x24cf}, {0x1f130, 0x1f149}, {0x1f150, 0x1f169}, {0x1f170, 0x1f189}};
    return category(point) == UTF8PROC_CATEGORY_LU || is_in(others, sizeof others / sizeof *others, point);
}

bool assay_py_point_is_lower(int32_t point)
{
    static const point_range others[] = {
        {0xaa, 0xaa},       {0xba, 0xba},       {0x2b0, 0x2b8},     {0x2c0, 0x2c1},     {0x2e0, 0x2e4},
        {0x345, 0x345},     {0x37a, 0x37a},     {0x1d2c, 0x1d6a},   {0x1d78, 0x1d78},   {0x1d9b, 0x1dbf},
        {0x2071, 0x2071},   {0x207f, 0x207f},   {0x2090, 0x209c},   {0x2170, 0x217f},   {0x24d0, 0x24e9},
        {0x2c7c, 0x2c7d},   {0xa69c, 0xa69d},   {0xa770, 0xa770},   {0xa7f8, 0xa7f9},   {0xab5c, 0xab5f},
        {0x10780, 0x10780}, {0x10783, 0x10785}, {0x10787, 0x107b0}, {0x107b2, 0x107ba},
    };
    return category(point) == UTF8PROC_CATEGORY_LL || is_in(others, sizeof others / sizeof *others, point);
}

bool assay_py_point_is_title(int32_t point) { return category(point) == UTF8PROC_CATEGORY_LT; }

bool assay_py_point_is_cased(int32_t point)
{
    return assay_py_point_is_lower(point) || assay_py_point_is_upper(point) || assay_py_point_is_title(point);
}

bool assay_py_point_is_case_ignorable(int32_t point)
{
    static const point_range others[] = {{'\'', '\''},     {'.', '.'},       {':', ':'},       {0xb7, 0xb7},
                                         {0x387, 0x387},   {0x55f, 0x55f},   {0x5f4, 0x5f4},   {0x2018, 0x2019},
                                         {0x2024, 0x2024}, {0x2027, 0x2027}, {0xfe13, 0xfe13}, {0xfe52, 0xfe52},
                                         {0xfe55, 0xfe55}, {0xff07, 0xff07}, {0xff0e, 0xff0e}, {0xff1a, 0xff1a}};
    utf8proc_category_t is = category(point);
    return is == UTF8PROC_CATEGORY_MN || is == UTF8PROC_CATEGORY_ME || is == UTF8PROC_CATEGORY_CF ||
           is == UTF8PROC_CATEGORY_LM || is == UTF8PROC_CATEGORY_SK ||
           is_in(others, sizeof others / sizeof *others, point);
}

static const assay_py_case *find_case(int32_t point)
{
    size_t low = 0, high = ASSAY_PY_CASE_COUNT;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (assay_py_case_table[middle].point < point) low = middle + 1;
        else high = middle;
    }
    return low < ASSAY_PY_CASE_COUNT && assay_py_case_table[low].point == point ? &assay_py_case_table[low] : NULL;
}

static size_t copy_points(const int32_t from[3], int32_t out[3])
{
    size_t count = 0;
    for (; count < 3 && from[count]; count++) out[count] = from[count];
    return count;
}

size_t assay_py_point_upper(int32_t point, int32_t out[3])
{
    const assay_py_case *special = point < 0x80 ? NULL : find_case(point);
    if (special) return copy_points(special->upper, out);
    out[0] = utf8proc_toupper(point);
    return 1;
}

size_t assay_py_point_title(int32_t point, int32_t out[3])
{
    const assay_py_case *special = point < 0x80 ? NULL : find_case(point);
    if (special) return copy_points(special->title, out);
    out[0] = utf8proc_totitle(point);
    return 1;
}

size_t assay_py_point_lower(int32_t point, int32_t out[3])
{
    out[0] = utf8proc_tolower(point);
    if (point != 0x130) return 1;
    out[0] = 'i';
    out[1] = 0x307;
    return 2;
}
