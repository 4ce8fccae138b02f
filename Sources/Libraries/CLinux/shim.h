// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/pidfd.h>
#include <sys/timerfd.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/inet_diag.h>

// prctl is variadic, so Swift does not import it; both of the calls we make take one number.
static inline int keybell_prctl(int option, unsigned long value) { return prctl(option, value, 0UL, 0UL, 0UL); }

// `environ` is a mutable global, which Swift 6 mode can't name.
static inline char **keybell_environ(void) { return __environ; }

// Beyond POSIX, and so hidden from Swift: closes every descriptor from this one up.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

// The flag that glibc shows to GNU sources alone, which Swift's import isn't.
enum { keybell_O_PATH = 010000000 };
