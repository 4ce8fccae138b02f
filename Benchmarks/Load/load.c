// SPDX-License-Identifier: Apache-2.0

// A client of the KeePassHttp protocol that asks as fast as it is answered, for Benchmarks/measure.py and
// .ci/check-costs.py. Usage: load PORT ID, where ID is its name as a client. It reads commands, one a line, and answers each by a line of JSON:
//
//     connect N                    closes its connections and opens N
//     ask TYPE MEMBER…             sends one request, and prints the reply
//     run COUNT TYPE MEMBER…       sends COUNT requests, each connection the next one when it has its reply
//
// Requests are made and signed before the first is sent.

#define _GNU_SOURCE
#include "requests.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most_connections = 256, most_words = 16 };

struct connection {
    int socket;
    double sent;
    size_t received, room;
    char *reply;
};

static int port;
static struct client client;
static struct connection connections[most_connections];
static int connected;
static int poller;

static void fail(const char *what) {
    perror(what);
    exit(2);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void connect_all(int count) {
    for (int index = 0; index < connected; index++) close(connections[index].socket);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
    };
    for (connected = 0; connected < count && connected < most_connections; connected++) {
        struct connection *connection = &connections[connected];
        int one = 1;
        connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(connection->socket, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
        setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, connection->socket, &event) != 0) fail("epoll_ctl");
    }
}

static void send_request(struct connection *connection, const struct request *request) {
    connection->received = 0;
    connection->sent = now();
    if (write(connection->socket, request->bytes, request->length) != (ssize_t)request->length) fail("write");
}

/// Reads what has come; the body once the reply is complete, else NULL.
static const char *receive(struct connection *connection) {
    if (connection->room < connection->received + 65536) {
        connection->room = 2 * connection->room + 131072;
        connection->reply = realloc(connection->reply, connection->room);
        if (connection->reply == NULL) fail("realloc");
    }
    char *reply = connection->reply;
    ssize_t count = read(connection->socket, reply + connection->received, connection->room - connection->received - 1);
    if (count <= 0) fail("the connection was closed");
    connection->received += (size_t)count;
    reply[connection->received] = 0;
    char *end = strstr(reply, "\r\n\r\n");
    if (end == NULL) return NULL;
    *end = 0;
    const char *field = strcasestr(reply, "\r\nContent-Length:");
    size_t length = field == NULL ? 0 : strtoul(field + 17, NULL, 10);
    *end = '\r';
    return connection->received == (size_t)(end + 4 - reply) + length ? end + 4 : NULL;
}

/// Whether the daemon did what was asked; of the bare server every reply is right.
static bool is_right(const struct connection *connection, const char *body) {
    return strncmp(connection->reply, "HTTP/1.1 200", 12) == 0 && strstr(body, "\"Success\":false") == NULL
        && strstr(body, "\"Count\":0") == NULL;
}

static void ask(const char *type, char *const *members, int count) {
    struct request request = request_make(&client, port, type, members, count);
    struct connection *connection = &connections[0];
    send_request(connection, &request);
    free(request.bytes);
    const char *body;
    while ((body = receive(connection)) == NULL) {}
    puts(body);
}

static int by_size(const void *left, const void *right) {
    float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

static void run(int total, const char *type, char *const *members, int count) {
    struct request *requests = calloc((size_t)total, sizeof *requests);
    float *latencies = calloc((size_t)total, sizeof *latencies);
    if (requests == NULL || latencies == NULL) fail("calloc");
    for (int index = 0; index < total; index++) requests[index] = request_make(&client, port, type, members, count);

    int sent = 0, done = 0, wrong = 0;
    size_t bytes = 0;
    double start = now();
    while (sent < connected && sent < total) {
        send_request(&connections[sent], &requests[sent]);
        sent++;
    }
    while (done < total) {
        struct epoll_event events[most_connections];
        int ready = epoll_wait(poller, events, most_connections, 60000);
        if (ready <= 0) fail("no reply within a minute");
        for (int index = 0; index < ready; index++) {
            struct connection *connection = events[index].data.ptr;
            const char *body = receive(connection);
            if (body == NULL) continue;
            latencies[done++] = (float)(now() - connection->sent);
            bytes += connection->received;
            if (!is_right(connection, body)) wrong++;
            if (sent < total) send_request(connection, &requests[sent++]);
        }
    }
    double seconds = now() - start;
    qsort(latencies, (size_t)total, sizeof *latencies, by_size);
    printf(
        "{\"count\":%d,\"wrong\":%d,\"seconds\":%.6f,\"rate\":%.1f,\"bytes\":%.1f,"
        "\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f}\n",
        total, wrong, seconds, total / seconds, (double)bytes / total, latencies[total / 2] * 1e6,
        latencies[total * 9L / 10] * 1e6, latencies[total * 99L / 100] * 1e6, latencies[total - 1] * 1e6
    );
    for (int index = 0; index < total; index++) free(requests[index].bytes);
    free(requests);
    free(latencies);
}

int main(int count, char **arguments) {
    if (count != 3) {
        fputs("usage: load PORT ID\n", stderr);
        return 2;
    }
    port = atoi(arguments[1]);
    client.id = arguments[2];
    poller = epoll_create1(EPOLL_CLOEXEC);
    RAND_bytes(client.key, sizeof client.key);
    setvbuf(stdout, NULL, _IOLBF, 0);
    char line[4096];
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *words[most_words] = {NULL}, *rest = NULL;
        int number = 0;
        for (char *word = strtok_r(line, " \n", &rest); word && number < most_words; word = strtok_r(NULL, " \n", &rest)) {
            words[number++] = word;
        }
        if (number == 2 && strcmp(words[0], "connect") == 0) {
            connect_all(atoi(words[1]));
            puts("{}");
        } else if (number >= 2 && connected > 0 && strcmp(words[0], "ask") == 0) {
            ask(words[1], words + 2, number - 2);
        } else if (number >= 3 && connected > 0 && strcmp(words[0], "run") == 0 && atoi(words[1]) > 0) {
            run(atoi(words[1]), words[2], words + 3, number - 3);
        } else {
            fputs("no such command\n", stderr);
            return 2;
        }
    }
    return 0;
}
