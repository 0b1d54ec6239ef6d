/* Counts what a process does to files below one folder, and lets one of these operations go wrong.

   Preloaded (LD_PRELOAD) by benchmarks/faults.py, which calls faults_arm() in a fork that is to be tried.
   Number `at` of the operations is, by `kind`: 1 not reached, for the process group is killed before it (a write
   is half done by then); 2 refused with ENOSPC, and all that takes space after it, as by a full disk; 3 refused
   with EIO, it alone. Counted are open for writing, write, close of what was written, fsync, rename, link,
   symlink, unlink, mkdir, rmdir and ftruncate, through libc, from all processes of the group. Not counted is
   what does not pass libc's own names (mapped memory, stdio's buffers, the rings of io_uring). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { KILL = 1, FULL = 2, BROKEN = 3 };
enum { FILLS, PLAIN, FREES }; /* whether a call takes space */

struct state {
    char folder[PATH_MAX];
    char what[PATH_MAX + 32]; /* the operation that was hit */
    long at, seen;
    int kind, full;
    int told, answers; /* pipes to the sweep (faults_step.c), if `stepper`, the process that is swept, is set */
    pid_t stepper;
    long longest;
    char copies[PATH_MAX];
};
static struct state *state; /* shared with the processes that are forked from the armed one */
static unsigned char written[1 << 16]; /* by descriptor */

#define REAL(type, name, ...)                              \
    static type (*real)(__VA_ARGS__);                      \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

void *faults_arm(const char *folder, long at, int kind) {
    struct state *fresh = mmap(0, sizeof *fresh, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (fresh == MAP_FAILED) return 0;
    snprintf(fresh->folder, sizeof fresh->folder, "%s", folder);
    fresh->at = at, fresh->kind = kind;
    memset(written, 0, sizeof written);
    return state = fresh;
}

void faults_disarm(void) {
    if (state) munmap(state, sizeof *state);
    state = 0;
}

long faults_seen(void) { return state ? state->seen : 0; }
const char *faults_what(void) { return state ? state->what : ""; }

static int under(const char *path) {
    size_t length = strlen(state->folder);
    return !strncmp(path, state->folder, length) && (path[length] == '/' || !path[length]);
}

static int of_descriptor(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
    return length > 0;
}

static int below(int folder, const char *path) {
    char full[2 * PATH_MAX + 2];
    if (!state || !path) return 0;
    if (path[0] == '/') return under(path);
    if (folder == AT_FDCWD ? !getcwd(full, PATH_MAX) : !of_descriptor(folder, full)) return 0;
    strcat(full, "/");
    strncat(full, path, PATH_MAX);
    return under(full);
}

static int open_below(int fd) {
    char path[PATH_MAX];
    int before = errno, found = state && of_descriptor(fd, path) && under(path);
    errno = before;
    return found;
}

#include "faults_step.c"

/* Whether the next operation is to be refused: -1 and errno. `half`, if any, is done before a kill. */
static int refused(const char *name, const char *path, int space, void (*half)(void *), void *with) {
    long number = __atomic_add_fetch(&state->seen, 1, __ATOMIC_SEQ_CST);
    int hit = state->stepper ? stepped(number, name, path, half, with) : number == state->at;
    if (hit) {
        snprintf(state->what, sizeof state->what, "%s %s", name, path);
        if (state->kind == KILL) {
            if (half) half(with);
            kill(0, SIGKILL);
            for (;;) pause();
        }
        state->full = state->kind == FULL;
        if (state->full ? space != FREES : state->kind == BROKEN)
            return errno = state->full ? ENOSPC : EIO, -1;
    } else if (state->full && space == FILLS)
        return errno = ENOSPC, -1;
    return 0;
}

static int refused_fd(const char *name, int fd, int space, void (*half)(void *), void *with) {
    char path[PATH_MAX] = "";
    of_descriptor(fd, path);
    return refused(name, path, space, half, with);
}

#define OPENS(flags) ((flags) & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC))
#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }

#define OPEN(name)                                                                          \
    int name(const char *path, int flags, ...) {                                            \
        REAL(int, name, const char *, int, ...);                                            \
        MODE(flags)                                                                         \
        if (OPENS(flags) && below(AT_FDCWD, path) && refused("open", path, FILLS, 0, 0)) return -1; \
        return real(path, flags, mode);                                                     \
    }
#define OPENAT(name)                                                                        \
    int name(int folder, const char *path, int flags, ...) {                                \
        REAL(int, name, int, const char *, int, ...);                                       \
        MODE(flags)                                                                         \
        if (OPENS(flags) && below(folder, path) && refused("open", path, FILLS, 0, 0)) return -1; \
        return real(folder, path, flags, mode);                                             \
    }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(name)                                                                          \
    FILE *name(const char *path, const char *mode) {                                         \
        REAL(FILE *, name, const char *, const char *);                                      \
        if (strpbrk(mode, "wa+") && below(AT_FDCWD, path) && refused("open", path, FILLS, 0, 0)) return 0; \
        return real(path, mode);                                                             \
    }
FOPEN(fopen)
FOPEN(fopen64)

struct piece { int fd; const void *bytes; size_t count; };

static void write_half(void *given) {
    struct piece *piece = given;
    REAL(ssize_t, write, int, const void *, size_t);
    if (real(piece->fd, piece->bytes, piece->count / 2)) {}
}

static int writing(const char *name, int fd, const void *bytes, size_t count) {
    if (!open_below(fd)) return 0;
    if (fd >= 0 && fd < (int)sizeof written) written[fd] = 1;
    struct piece piece = {fd, bytes, count};
    return refused_fd(name, fd, FILLS, bytes ? write_half : 0, &piece);
}

ssize_t write(int fd, const void *bytes, size_t count) {
    REAL(ssize_t, write, int, const void *, size_t);
    return writing("write", fd, bytes, count) ? -1 : real(fd, bytes, count);
}

#define PWRITE(name, off)                                               \
    ssize_t name(int fd, const void *bytes, size_t count, off at) {     \
        REAL(ssize_t, name, int, const void *, size_t, off);            \
        return writing("write", fd, 0, count) ? -1 : real(fd, bytes, count, at); \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t writev(int fd, const struct iovec *pieces, int count) {
    REAL(ssize_t, writev, int, const struct iovec *, int);
    return writing("write", fd, 0, 0) ? -1 : real(fd, pieces, count);
}

#define SENDFILE(name, off)                                            \
    ssize_t name(int out, int in, off *at, size_t count) {             \
        REAL(ssize_t, name, int, int, off *, size_t);                  \
        return writing("write", out, 0, 0) ? -1 : real(out, in, at, count); \
    }
SENDFILE(sendfile, off_t)
SENDFILE(sendfile64, off64_t)

ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t count, unsigned flags) {
    REAL(ssize_t, copy_file_range, int, off64_t *, int, off64_t *, size_t, unsigned);
    return writing("write", out, 0, 0) ? -1 : real(in, from, out, to, count, flags);
}

int close(int fd) {
    REAL(int, close, int);
    int ours = fd >= 0 && fd < (int)sizeof written && written[fd] && open_below(fd);
    if (fd >= 0 && fd < (int)sizeof written) written[fd] = 0;
    int fault = ours ? refused_fd("close", fd, PLAIN, 0, 0) : 0, why = errno;
    int result = real(fd); /* a close that fails has closed all the same */
    return fault ? (errno = why, -1) : result;
}

#define BY_FD(name)                                                                    \
    int name(int fd) {                                                                 \
        REAL(int, name, int);                                                          \
        return open_below(fd) && refused_fd("fsync", fd, PLAIN, 0, 0) ? -1 : real(fd); \
    }
BY_FD(fsync)
BY_FD(fdatasync)

#define TRUNCATE(name, off)                                                                 \
    int name(int fd, off length) {                                                          \
        REAL(int, name, int, off);                                                          \
        return open_below(fd) && refused_fd("ftruncate", fd, FILLS, 0, 0) ? -1 : real(fd, length); \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define REMOVE(name)                                                                    \
    int name(const char *path) {                                                        \
        REAL(int, name, const char *);                                                  \
        return below(AT_FDCWD, path) && refused(#name, path, FREES, 0, 0) ? -1 : real(path); \
    }
REMOVE(unlink)
REMOVE(rmdir)

int mkdir(const char *path, mode_t mode) {
    REAL(int, mkdir, const char *, mode_t);
    return below(AT_FDCWD, path) && refused("mkdir", path, FILLS, 0, 0) ? -1 : real(path, mode);
}

int unlinkat(int folder, const char *path, int flags) {
    REAL(int, unlinkat, int, const char *, int);
    return below(folder, path) && refused("unlink", path, FREES, 0, 0) ? -1 : real(folder, path, flags);
}

int mkdirat(int folder, const char *path, mode_t mode) {
    REAL(int, mkdirat, int, const char *, mode_t);
    return below(folder, path) && refused("mkdir", path, FILLS, 0, 0) ? -1 : real(folder, path, mode);
}

#define STAT(name, what, of, kind)             \
    int name(what of, struct kind *status) {   \
        REAL(int, name, what, struct kind *);  \
        int result = real(of, status);         \
        if (!result) as_before(&status->st_ino); \
        return result;                         \
    }
STAT(stat, const char *, path, stat)
STAT(stat64, const char *, path, stat64)
STAT(fstat, int, fd, stat)
STAT(fstat64, int, fd, stat64)

#define TWO(name)                                                                              \
    int name(const char *from, const char *to) {                                               \
        REAL(int, name, const char *, const char *);                                           \
        return below(AT_FDCWD, to) && refused(#name, to, PLAIN, 0, 0) ? -1 : real(from, to);   \
    }
TWO(rename)
TWO(link)
TWO(symlink)

int renameat(int from, const char *old, int to, const char *path) {
    REAL(int, renameat, int, const char *, int, const char *);
    return below(to, path) && refused("rename", path, PLAIN, 0, 0) ? -1 : real(from, old, to, path);
}

int renameat2(int from, const char *old, int to, const char *path, unsigned flags) {
    REAL(int, renameat2, int, const char *, int, const char *, unsigned);
    return below(to, path) && refused("rename", path, PLAIN, 0, 0) ? -1 : real(from, old, to, path, flags);
}
