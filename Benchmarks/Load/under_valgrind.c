// SPDX-License-Identifier: Apache-2.0

// Preloaded into keybelld where valgrind (3.19) runs it, so that it can start programs there: what it starts as
// /proc/self/exe, which is valgrind's then, is what KEYBELL_PROGRAM names, and pidfd_open, which valgrind doesn't have,
// gives a pipe that hangs up when the child has ended.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef int (*Spawn)(
    pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const *, char *const *
);

static int start(
    const char *function, pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const *arguments, char *const *environment
) {
    const char *program = getenv("KEYBELL_PROGRAM");
    if (program != NULL && strcmp(path, "/proc/self/exe") == 0) path = program;
    Spawn next = (Spawn)dlsym(RTLD_NEXT, function);
    return next(pid, path, actions, attributes, arguments, environment);
}

int posix_spawn(
    pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
    char *const *arguments, char *const *environment
) {
    return start("posix_spawn", pid, path, actions, attributes, arguments, environment);
}

int posix_spawnp(
    pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
    char *const *arguments, char *const *environment
) {
    return start("posix_spawnp", pid, path, actions, attributes, arguments, environment);
}

struct watch {
    pid_t child;
    int end;
};

static void *wait_for_child(void *argument) {
    struct watch watch = *(struct watch *)argument;
    free(argument);
    siginfo_t info;
    int outcome;
    while ((outcome = waitid(P_PID, (id_t)watch.child, &info, WEXITED | WNOWAIT)) != 0 && errno == EINTR) {}
    // Whoever is no child is never told to have ended.
    if (outcome == 0) close(watch.end);
    return NULL;
}

int pidfd_open(pid_t pid, unsigned flags) {
    (void)flags;
    int ends[2];
    struct watch *watch = malloc(sizeof *watch);
    if (watch == NULL || pipe2(ends, O_CLOEXEC) != 0) return -1;
    *watch = (struct watch){.child = pid, .end = ends[1]};
    pthread_t thread;
    if (pthread_create(&thread, NULL, wait_for_child, watch) != 0) return -1;
    pthread_detach(thread);
    return ends[0];
}
