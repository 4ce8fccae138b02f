// SPDX-License-Identifier: Apache-2.0
#pragma once
// Some of these define struct stat, which the compiler may then take for this module's: whoever uses it imports CLinux
// beside Glibc.
#include <malloc.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/pidfd.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/inet_diag.h>

// prctl is variadic, so Swift does not import it; both of the calls we make take one number.
static inline int keybell_prctl(int option, unsigned long value) { return prctl(option, value, 0UL, 0UL, 0UL); }

// `environ` is a mutable global, which Swift 6 mode can't name.
static inline char **keybell_environ(void) { return __environ; }

// Beyond POSIX, and so hidden from Swift: gives a process other limits.
extern int prlimit64(pid_t process, unsigned int resource, const struct rlimit *limit, struct rlimit *former);

// Beyond POSIX, and so hidden from Swift: closes every descriptor from this one up.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

// Likewise: finds bytes within bytes.
extern void *memmem(const void *bytes, unsigned long count, const void *searched, unsigned long searchedCount);

// The flag and the call that glibc shows to GNU sources alone, which Swift's import isn't.
#include <stdint.h>
#include <linux/stat.h>
#include <sys/syscall.h>
enum { keybell_O_PATH = 010000000 };

struct keybell_file {
  uint64_t device, inode, mount;
  uint32_t uid, mode;
};

// Which file it is, in which mount (0 where the kernel doesn't say) and whose, as far as its file system has told already
// (AT_STATX_DONT_SYNC); of the descriptor itself for an empty path. Nothing is mounted because of it.
static inline int keybell_file(int folder, const char *path, struct keybell_file *file) {
  struct statx found;
  int flags = 0x4000 | 0x800 | (*path ? 0 : 0x1000);
  if (syscall(SYS_statx, folder, path, flags, STATX_BASIC_STATS | 0x1000, &found)) return -1;
  file->device = (uint64_t)found.stx_dev_major << 32 | found.stx_dev_minor;
  file->inode = found.stx_ino;
  file->mount = found.stx_mask & 0x1000 ? found.stx_mnt_id : 0;
  file->uid = found.stx_uid;
  file->mode = found.stx_mode;
  return 0;
}

// Whether two threads have one table of descriptors (kcmp's KCMP_FILES): 1, or 0 if not, or -1 if that can't be told.
static inline int keybell_shares_files(int one, int other) {
  long order = syscall(SYS_kcmp, (long)one, (long)other, 2L, 0L, 0L);
  return order < 0 ? -1 : order == 0;
}
