/* Faults under one process: preloaded, and told by a file what to do, which may change at any time.
 *
 *   clock MS     CLOCK_REALTIME is ahead by so many milliseconds
 *   disk full    what grows a file whose path holds "ledger" fails with ENOSPC
 *   disk read    what changes or makes such a file fails with EROFS
 *   disk io      what writes such a file fails with EIO
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum disk { SOUND, FULL, READ, IO };

/* Reads the orders, by system calls that are not overridden below. */
static void orders(long long *clock_ms, enum disk *disk)
{
    int saved = errno;
    char text[256] = "";
    const char *path = getenv("CRONCTL_TEST_SHIM");
    *clock_ms = 0;
    *disk = SOUND;
    if (path != NULL) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            long got = syscall(SYS_read, fd, text, sizeof text - 1);
            if (got > 0)
                text[got] = '\0';
            syscall(SYS_close, fd);
        }
    }
    char *clock = strstr(text, "clock ");
    if (clock != NULL)
        *clock_ms = atoll(clock + 6);
    if (strstr(text, "disk full") != NULL)
        *disk = FULL;
    if (strstr(text, "disk read") != NULL)
        *disk = READ;
    if (strstr(text, "disk io") != NULL)
        *disk = IO;
    errno = saved;
}

static int is_ledger(const char *path)
{
    return path != NULL && strstr(path, "ledger") != NULL;
}

static int fd_is_ledger(int fd)
{
    int saved = errno;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    errno = saved;
    if (length <= 0)
        return 0;
    path[length] = '\0';
    return is_ledger(path);
}

/* What a change of a file fails with; 0: it does not. */
static int change_fails(int fd, int grows)
{
    long long clock_ms;
    enum disk disk;
    orders(&clock_ms, &disk);
    if (disk == SOUND || !fd_is_ledger(fd))
        return 0;
    switch (disk) {
    case FULL:
        return grows ? ENOSPC : 0;
    case READ:
        return EROFS;
    default:
        return EIO;
    }
}

/* The same for opening: as the kernel does, one that is there is there, whatever the disk. */
static int open_fails(const char *path, int flags)
{
    long long clock_ms;
    enum disk disk;
    struct stat found;
    int saved = errno;
    if ((flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) == 0 || !is_ledger(path))
        return 0;
    orders(&clock_ms, &disk);
    if (disk == SOUND)
        return 0;
    int there = stat(path, &found) == 0;
    errno = saved;
    if (there && (flags & O_CREAT) && (flags & O_EXCL))
        return 0;
    if (disk == READ)
        return EROFS;
    return disk == FULL && !there ? ENOSPC : 0;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL(code)                                                                                 \
    do {                                                                                           \
        int why = (code);                                                                          \
        if (why != 0) {                                                                            \
            errno = why;                                                                           \
            return -1;                                                                             \
        }                                                                                          \
    } while (0)

int clock_gettime(clockid_t id, struct timespec *now)
{
    long long clock_ms;
    enum disk disk;
    int done = (int)syscall(SYS_clock_gettime, id, now);
    if (done != 0 || id != CLOCK_REALTIME)
        return done;
    orders(&clock_ms, &disk);
    now->tv_sec += clock_ms / 1000;
    return 0;
}

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;                  \
        va_end(rest);                                                                              \
        FAIL(open_fails(path, flags));                                                             \
        return NEXT(name)(path, flags, mode);                                                      \
    }
#define OPENAT(name)                                                                               \
    int name(int at, const char *path, int flags, ...)                                             \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;                  \
        va_end(rest);                                                                              \
        FAIL(open_fails(path, flags));                                                             \
        return NEXT(name)(at, path, flags, mode);                                                  \
    }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

#define PWRITE(name, offset_type)                                                                  \
    ssize_t name(int fd, const void *bytes, size_t count, offset_type at)                          \
    {                                                                                              \
        FAIL(change_fails(fd, 1));                                                                 \
        return NEXT(name)(fd, bytes, count, at);                                                   \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *bytes, size_t count)
{
    FAIL(change_fails(fd, 1));
    return syscall(SYS_write, fd, bytes, count);
}

#define TRUNCATE(name, length_type)                                                                \
    int name(int fd, length_type length)                                                           \
    {                                                                                              \
        FAIL(change_fails(fd, 0));                                                                 \
        return NEXT(name)(fd, length);                                                             \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define ALLOCATE(name, offset_type)                                                                \
    int name(int fd, int mode, offset_type at, offset_type length)                                 \
    {                                                                                              \
        FAIL(change_fails(fd, 1));                                                                 \
        return NEXT(name)(fd, mode, at, length);                                                   \
    }
ALLOCATE(fallocate, off_t)
ALLOCATE(fallocate64, off64_t)

#define SYNC(name)                                                                                 \
    int name(int fd)                                                                               \
    {                                                                                              \
        FAIL(change_fails(fd, 0));                                                                 \
        return NEXT(name)(fd);                                                                     \
    }
SYNC(fsync)
SYNC(fdatasync)
