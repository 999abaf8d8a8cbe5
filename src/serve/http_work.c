/* What takes long before a request can be scored (reading a large body, tokenising) is done on threads of its own: an
 * HTTP thread has other connections, and somebody who asks for /health must not wait for a stranger's million words.
 *
 * A request sleeps while it is here. Its work either wakes it, with an answer or a refusal to be sent, or hands it on
 * to the scorer, who does. */
#include "serve/http_private.h"

static assay_exchange *next(assay_work_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    while (!queue->head && !queue->stopping) pthread_cond_wait(&queue->wake, &queue->mutex);
    assay_exchange *exchange = queue->head;
    if (exchange) {
        queue->head = exchange->next;
        if (!queue->head) queue->tail = NULL;
        queue->waiting--;
    }
    pthread_mutex_unlock(&queue->mutex);
    return exchange;
}

static void *work_main(void *argument)
{
    for (assay_exchange *exchange; (exchange = next(argument));) exchange->work(exchange);
    return NULL;
}

assay_status assay_http_work_start(assay_work_queue *queue, assay_error *err)
{
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->wake, NULL);
    for (size_t i = 0; i < ASSAY_WORK_THREADS; i++) {
        if (pthread_create(&queue->threads[i], NULL, work_main, queue) != 0)
            return assay_error_set(err, ASSAY_E_IO, "cannot start a thread for requests");
        queue->started++;
    }
    return ASSAY_OK;
}

void assay_http_work_stop(assay_work_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->stopping = true;
    pthread_cond_broadcast(&queue->wake);
    pthread_mutex_unlock(&queue->mutex);
    for (size_t i = 0; i < queue->started; i++) pthread_join(queue->threads[i], NULL);
    queue->started = 0;
}

void assay_http_work_release(assay_work_queue *queue)
{
    assay_http_work_stop(queue);
    pthread_mutex_destroy(&queue->mutex);
    pthread_cond_destroy(&queue->wake);
}

/* Suspended before it is seen by the worker, who may be done before this returns. */
enum MHD_Result assay_http_work_add(assay_exchange *exchange, void (*work)(assay_exchange *exchange),
                                    enum MHD_Result (*then)(assay_exchange *exchange))
{
    assay_work_queue *queue = &exchange->server->work;
    exchange->work = work;
    exchange->then = then;
    exchange->next = NULL;
    pthread_mutex_lock(&queue->mutex);
    bool room = !queue->stopping && queue->waiting < exchange->server->options.max_queue;
    if (room) {
        MHD_suspend_connection(exchange->connection);
        if (queue->tail) queue->tail->next = exchange;
        else queue->head = exchange;
        queue->tail = exchange;
        queue->waiting++;
        pthread_cond_signal(&queue->wake);
    }
    pthread_mutex_unlock(&queue->mutex);
    if (room) return MHD_YES;
    exchange->then = NULL;
    return assay_http_error(exchange, MHD_HTTP_TOO_MANY_REQUESTS, "too many requests are waiting; try again");
}

assay_status assay_http_still_wanted(const assay_exchange *exchange, assay_error *err)
{
    if (atomic_load(&exchange->server->giving_up))
        return assay_error_set(err, ASSAY_E_STOPPED, "the server is stopping");
    if (assay_peer_is_gone(exchange->peer)) return assay_error_set(err, ASSAY_E_STOPPED, "the client is gone");
    return ASSAY_OK;
}
