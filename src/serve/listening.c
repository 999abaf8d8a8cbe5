/* Opening the port, and asking who has it when it is taken. The question is a plain HTTP/1.0 request for /v1/models
 * with a second for every step: whoever is there may never answer. */
#include "serve/listening.h"

#include "base/json_doc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

typedef union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} address;

static socklen_t size_of(const address *where)
{
    return where->any.sa_family == AF_INET6 ? sizeof where->v6 : sizeof where->v4;
}

static assay_status read_address(address *out, bool *loopback, const char *host, unsigned port, assay_error *err)
{
    const char *numbers = !strcmp(host, "localhost") ? "127.0.0.1" : host;
    *out = (address){.any.sa_family = AF_UNSPEC};
    if (inet_pton(AF_INET, numbers, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons((uint16_t)port);
        *loopback = (ntohl(out->v4.sin_addr.s_addr) >> 24) == 127;
        return ASSAY_OK;
    }
    struct in6_addr six;
    if (inet_pton(AF_INET6, numbers, &six) != 1)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--host %.200s: an address is expected, such as 127.0.0.1, ::1 or 0.0.0.0", host);
    out->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = six};
    *loopback = IN6_IS_ADDR_LOOPBACK(&six);
    return ASSAY_OK;
}

/* Whoever listens on every address is asked on the loopback one. */
static void make_reachable(address *where)
{
    if (where->any.sa_family == AF_INET && where->v4.sin_addr.s_addr == INADDR_ANY)
        where->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (where->any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&where->v6.sin6_addr))
        where->v6.sin6_addr = in6addr_loopback;
}

static size_t ask(const address *where, char *answer, size_t room)
{
    static const char request[] = "GET /v1/models HTTP/1.0\r\nHost: localhost\r\n\r\n";
    struct timeval patience = {.tv_sec = 1};
    size_t used = 0;
    int line = socket(where->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (line < 0) return 0;
    setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(line, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(line, &where->any, size_of(where)) == 0 &&
        send(line, request, sizeof request - 1, MSG_NOSIGNAL) == (ssize_t)sizeof request - 1)
        for (ssize_t got; used < room && (got = recv(line, answer + used, room - used, 0)) > 0;) used += (size_t)got;
    close(line);
    return used;
}

/* Names come from another program: only letters that cannot do anything to a terminal are repeated. */
static void append_name(char *text, size_t room, const char *name)
{
    size_t used = strlen(text);
    if (used + 8 >= room) return;
    used += (size_t)snprintf(text + used, room - used, "%s\"", used ? ", " : "");
    for (size_t i = 0; i < 60 && name[i] && used + 2 < room; i++)
        text[used++] = name[i] > ' ' && name[i] < 0x7f ? name[i] : '?';
    text[used] = '"';
    text[used + 1] = '\0';
}

/* The names of an Assay server's models out of its answer; false: it is somebody else's. */
static bool read_models(const char *answer, size_t size, char *names, size_t room)
{
    const char *body = strstr(answer, "\r\n\r\n");
    json_t *document = NULL;
    bool ours = false;
    if (!body || assay_json_parse(body + 4, size - (size_t)(body + 4 - answer), "", &document, NULL) != ASSAY_OK)
        return false;
    const json_t *data = json_object_get(document, "data");
    for (size_t i = 0; i < json_array_size(data); i++) {
        const char *owner = json_string_value(json_object_get(json_array_get(data, i), "owned_by")),
                   *name = json_string_value(json_object_get(json_array_get(data, i), "id"));
        if (!owner || !name || strcmp(owner, "assay") != 0) continue;
        ours = true;
        append_name(names, room, name);
    }
    json_decref(document);
    return ours;
}

static assay_status say_who(const address *where, const char *host, unsigned port, assay_error *err)
{
    char answer[16384], names[400] = "";
    address other = *where;
    make_reachable(&other);
    size_t size = ask(&other, answer, sizeof answer - 1);
    answer[size] = '\0';
    bool keyed = strstr(answer, "Bearer realm=\"assay\"") != NULL;
    if (!keyed && !read_models(answer, size, names, sizeof names))
        return assay_error_set(err, ASSAY_E_IO,
                               "port %u of %s is taken by another program; give another --port, or 0 for any free one",
                               port, host);
    return assay_error_set(
        err, ASSAY_E_IO,
        "port %u of %s is taken by an assay server %s%s; stop that one, or give another --port, or 0 for any free one",
        port, host, keyed ? "that needs a key" : "with the model ", names);
}

static assay_status refuse(const address *where, const char *host, unsigned port, assay_error *err)
{
    if (errno == EADDRINUSE) return say_who(where, host, port, err);
    return assay_error_set(err, ASSAY_E_IO, "cannot listen on %s port %u: %s", host, port, strerror(errno));
}

assay_status assay_listening_open(int *descriptor, assay_listening *about, const char *host, unsigned port,
                                  assay_error *err)
{
    address where;
    int one = 1;
    *descriptor = -1;
    *about = (assay_listening){0};
    ASSAY_TRY(read_address(&where, &about->loopback, host, port, err));
    about->six = where.any.sa_family == AF_INET6;
    int line = socket(where.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (line < 0) return refuse(&where, host, port, err);
    setsockopt(line, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (about->six) setsockopt(line, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    socklen_t size = size_of(&where);
    if (bind(line, &where.any, size) || listen(line, BACKLOG) || getsockname(line, &where.any, &size)) {
        assay_status status = refuse(&where, host, port, err);
        close(line);
        return status;
    }
    about->port = ntohs(about->six ? where.v6.sin6_port : where.v4.sin_port);
    *descriptor = line;
    return ASSAY_OK;
}
