/* Who may speak to the server, and in what form: looked at when the headers are there, before a body is read.
 *
 * A server without keys trusts whoever reaches it, and a web page reaches what its reader's machine reaches: it can
 * send a form or text/plain to 127.0.0.1 without asking, and a name that is made to point here (DNS rebinding) can read
 * the answers too. So without keys the Host must be a name of this machine, and what a browser says of where a request
 * comes from (Origin, Sec-Fetch-Site) must be this server itself or a name given by --allow-host. Programs that are no
 * browsers send neither.
 *
 * Requests whose length can be read in two ways are refused, as far as libmicrohttpd shows them (SECURITY.md). */
#include "serve/http_private.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

typedef struct headers {
    size_t hosts, lengths, encodings;
    const char *host, *length, *encoding, *origin, *site, *type;
    bool fetch;   /* some Sec-Fetch header */
    bool unclean; /* a name with a blank, or a value with a control character: what others take for another header */
} headers;

static bool has_control(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f) return true;
    return false;
}

static enum MHD_Result look(void *context, enum MHD_ValueKind kind, const char *name, size_t name_size,
                            const char *value, size_t size)
{
    headers *h = context;
    (void)kind;
    if (!value) value = "", size = 0;
    if (strpbrk(name, " \t") || has_control(name, name_size) || has_control(value, size)) h->unclean = true;
    if (!assay_text_compare(name, "Host")) h->hosts++, h->host = value;
    else if (!assay_text_compare(name, "Content-Length")) h->lengths++, h->length = value;
    else if (!assay_text_compare(name, "Transfer-Encoding")) h->encodings++, h->encoding = value;
    else if (!assay_text_compare(name, "Origin")) h->origin = value;
    else if (!assay_text_compare(name, "Sec-Fetch-Site")) h->site = value;
    else if (!assay_text_compare(name, "Content-Type")) h->type = value;
    if (!assay_text_compare_n(name, "Sec-Fetch-", 10)) h->fetch = true;
    return MHD_YES;
}

/* One reason, or NULL. */
static const char *ambiguity(const headers *h, const char *version)
{
    if (h->unclean) return "a header with a blank in its name or a control character";
    if (h->lengths > 1) return "more than one Content-Length";
    if (h->lengths && h->encodings) return "Content-Length and Transfer-Encoding at once";
    if (h->encodings > 1 || (h->encodings && assay_text_compare(h->encoding, "chunked") != 0))
        return "a Transfer-Encoding other than chunked";
    if (h->lengths && (!*h->length || h->length[strspn(h->length, "0123456789")]))
        return "a Content-Length that is no number";
    if (h->hosts > 1) return "more than one Host";
    bool old = !strcmp(version, MHD_HTTP_VERSION_1_0);
    if (!h->hosts && !old) return "no Host";
    if (h->encodings && old) return "a Transfer-Encoding in HTTP/1.0";
    return NULL;
}

/* Where the name in "name:port" or "[name]:port" ends. */
static size_t name_length(const char *authority)
{
    const char *end = *authority == '[' ? strchr(authority, ']') : NULL;
    return end ? (size_t)(end + 1 - authority) : strcspn(authority, ":");
}

static bool has_no_more_than_a_port(const char *behind)
{
    return !*behind || (*behind == ':' && !behind[1 + strspn(behind + 1, "0123456789")]);
}

static bool is_loopback(const char *name, size_t length)
{
    char text[64];
    struct in_addr four;
    struct in6_addr six;
    bool bracketed = length > 2 && *name == '[';
    if (length == 9 && !assay_text_compare_n(name, "localhost", 9)) return true;
    if (length >= sizeof text) return false;
    memcpy(text, name + bracketed, length - 2 * bracketed);
    text[length - 2 * bracketed] = '\0';
    if (bracketed) return inet_pton(AF_INET6, text, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
    return inet_pton(AF_INET, text, &four) == 1 && ntohl(four.s_addr) >> 24 == 127;
}

static bool is_listed(const assay_server *server, const char *name, size_t length)
{
    for (size_t i = 0; i < server->options.allow_host_count; i++) {
        const char *one = server->options.allow_hosts[i];
        if (strlen(one) == length && !assay_text_compare_n(one, name, length)) return true;
    }
    return false;
}

static bool is_bound(const assay_server *server, const char *name, size_t length)
{
    const char *host = server->options.host;
    if (*name == '[') name++, length -= 2;
    return strlen(host) == length && !assay_text_compare_n(host, name, length);
}

static bool is_own_host(const assay_server *server, const char *host)
{
    size_t length = name_length(host);
    if (!length || !has_no_more_than_a_port(host + length)) return false;
    return is_loopback(host, length) || is_bound(server, host, length) || is_listed(server, host, length);
}

/* "scheme://authority" -> authority, with the scheme's default port left out of *length; NULL: it is none. */
static const char *authority_of(const char *origin, size_t *length)
{
    const char *mark = strstr(origin, "://"), *authority = mark ? mark + 3 : NULL;
    if (!authority) return NULL;
    const char *port = !assay_text_compare_n(origin, "https:", 6) ? ":443" : ":80";
    size_t size = strlen(authority), name = name_length(authority);
    *length = !strcmp(authority + name, port) ? name : size;
    return authority;
}

static bool is_same_origin(const char *origin, const char *host)
{
    size_t length = 0, own = host ? strlen(host) : 0;
    const char *authority = authority_of(origin, &length);
    if (!authority || !host) return false;
    if (!assay_text_compare_n(origin, "http:", 5) && !strcmp(host + name_length(host), ":80")) own -= 3;
    return length == own && !assay_text_compare_n(authority, host, own);
}

static bool is_allowed_origin(const assay_server *server, const char *origin)
{
    size_t length;
    const char *authority = authority_of(origin, &length);
    return authority && is_listed(server, authority, name_length(authority));
}

const char *assay_http_allowed_origin(const assay_exchange *exchange)
{
    const char *origin = MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, "Origin");
    return origin && is_allowed_origin(exchange->server, origin) ? origin : NULL;
}

static bool is_foreign(const assay_server *server, const headers *h)
{
    if (h->origin && is_allowed_origin(server, h->origin)) return false;
    if (h->origin && !is_same_origin(h->origin, h->host)) return true;
    return h->site && assay_text_compare(h->site, "same-origin") != 0 && assay_text_compare(h->site, "none") != 0;
}

/* What a page may send anywhere without being asked. */
static bool is_simple_type(const char *type)
{
    static const char *const simple[] = {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"};
    size_t length = type ? strcspn(type, "; \t") : 0;
    for (size_t i = 0; i < sizeof simple / sizeof *simple; i++)
        if (length == strlen(simple[i]) && !assay_text_compare_n(type, simple[i], length)) return true;
    return false;
}

static unsigned refuse(assay_exchange *exchange, unsigned code, const char *why)
{
    assay_error_set(&exchange->error, ASSAY_E_FORMAT, "%s", why);
    return code;
}

unsigned assay_http_guard(assay_exchange *exchange, const char *version)
{
    const assay_server *server = exchange->server;
    headers h = {0};
    MHD_get_connection_values_n(exchange->connection, MHD_HEADER_KIND, look, &h);
    const char *unclear = ambiguity(&h, version);
    exchange->closes = unclear != NULL;
    if (unclear) return refuse(exchange, MHD_HTTP_BAD_REQUEST, unclear);
    if (!server->options.keys && h.host && !is_own_host(server, h.host))
        return refuse(exchange, MHD_HTTP_MISDIRECTED_REQUEST,
                      "this server is not called by that Host; start it with --allow-host NAME if it is");
    if (!server->options.keys && is_foreign(server, &h))
        return refuse(exchange, MHD_HTTP_FORBIDDEN,
                      "web pages from elsewhere may not ask; start the server with --allow-host NAME for pages of that "
                      "host, or with --api-key-file");
    if ((h.origin || h.fetch) && is_simple_type(h.type))
        return refuse(exchange, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "a page should send Content-Type: application/json");
    return 0;
}

const char *assay_http_given_key(const assay_exchange *exchange, size_t *length)
{
    struct MHD_Connection *connection = exchange->connection;
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
    if (value && !assay_text_compare_n(value, "Bearer", 6) && strchr(" \t", value[6]) && value[6]) value += 6;
    else value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-API-Key");
    if (!value) return NULL;
    value += strspn(value, " \t");
    *length = strlen(value);
    while (*length && strchr(" \t", value[*length - 1])) --*length;
    return value;
}
