/* Connections and their time.
 *
 * libmicrohttpd's own time-out counts silence: a client that sends a byte now and then would stay for ever. So every
 * connection says what it is doing and since when, and the sweep shuts the socket of one that is over its time;
 * libmicrohttpd then sees the end and cleans up. The list is locked whenever a connection enters or leaves it, and it
 * leaves before its socket is closed, so the sweep never shuts a socket that became somebody else's. */
#include "serve/http_private.h"

#include "base/clock.h"

#include <poll.h>
#include <sys/socket.h>

void assay_peer_mark(assay_server *server, assay_peer *peer, assay_peer_state state)
{
    if (!peer) return;
    pthread_mutex_lock(&server->peers_mutex);
    peer->state = state;
    peer->since = assay_clock_seconds();
    pthread_mutex_unlock(&server->peers_mutex);
}

bool assay_peer_is_gone(const assay_peer *peer)
{
    struct pollfd line = {.fd = peer ? peer->socket : -1, .events = POLLRDHUP};
    return peer && poll(&line, 1, 0) > 0 && (line.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

/* The list is locked. */
static void cut(assay_server *server, assay_peer *peer, const char *why)
{
    peer->cut = true;
    server->peer_count--;
    shutdown(peer->socket, SHUT_RDWR);
    atomic_fetch_add(&server->metrics.cut, 1);
    assay_serve_log_event(server->options.log, ASSAY_SERVE_DEBUG, "cut", NULL, "a connection is cut: %s", why);
}

/* Who goes when there are more connections than may be: whoever has been silent longest between two requests, then
 * whoever has been sending one for longest. What is being worked on stays, and if that is everything, the newcomer
 * goes. */
static assay_peer *least_needed(const assay_server *server, assay_peer *newcomer)
{
    assay_peer *found = NULL;
    for (assay_peer *peer = server->peers; peer; peer = peer->next) {
        if (peer->cut || peer->state == ASSAY_PEER_WORKING || peer == newcomer) continue;
        bool sooner =
            !found || peer->state < found->state || (peer->state == found->state && peer->since < found->since);
        if (sooner) found = peer;
    }
    return found ? found : newcomer;
}

static void peer_open(assay_server *server, struct MHD_Connection *connection, void **socket_context)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    assay_peer *peer = assay_alloc(1, sizeof *peer);
    *socket_context = peer;
    if (!peer || !info) return;
    *peer = (assay_peer){.socket = info->connect_fd, .since = assay_clock_seconds()};
    pthread_mutex_lock(&server->peers_mutex);
    peer->next = server->peers;
    if (peer->next) peer->next->before = peer;
    server->peers = peer;
    server->peer_count++;
    if (server->peer_count > server->options.max_connections)
        cut(server, least_needed(server, peer), "--max-connections is reached");
    pthread_mutex_unlock(&server->peers_mutex);
    atomic_fetch_add(&server->metrics.connections, 1);
}

static void peer_close(assay_server *server, assay_peer *peer)
{
    if (!peer) return;
    pthread_mutex_lock(&server->peers_mutex);
    if (peer->before) peer->before->next = peer->next;
    else if (server->peers == peer) server->peers = peer->next;
    if (peer->next) peer->next->before = peer->before;
    server->peer_count -= !peer->cut;
    pthread_mutex_unlock(&server->peers_mutex);
    assay_free(peer);
    atomic_fetch_sub(&server->metrics.connections, 1);
}

void assay_peer_notice(void *context, struct MHD_Connection *connection, void **socket_context,
                       enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) peer_open(context, connection, socket_context);
    else peer_close(context, *socket_context);
}

void assay_server_sweep(assay_server *server)
{
    double now = assay_clock_seconds();
    pthread_mutex_lock(&server->peers_mutex);
    for (assay_peer *peer = server->peers; peer; peer = peer->next) {
        double most =
            peer->state == ASSAY_PEER_READING ? server->options.request_seconds : server->options.idle_seconds;
        if (peer->cut || peer->state == ASSAY_PEER_WORKING || now - peer->since < most) continue;
        cut(server, peer, "it takes too long");
    }
    pthread_mutex_unlock(&server->peers_mutex);
}
