// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/prctl.h>
#include <sys/pidfd.h>
#include <sys/timerfd.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/inet_diag.h>

// prctl is variadic, so Swift does not import it; both of the calls we make take one number.
static inline int keybell_prctl(int option, unsigned long value) { return prctl(option, value, 0UL, 0UL, 0UL); }
