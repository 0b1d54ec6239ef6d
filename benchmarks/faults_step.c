/* One run that meets every fault: at each operation the process forks, and the fork goes on with the fault.

   Included by faults.c. The forks see a copy of the folder in its place (a bind mount in a name space of mounts
   of their own), with the open files' positions, so that the run itself is not touched and goes on after them.
   benchmarks/faults_sweep.py makes the copies, and is told of every operation and every fork's end through a
   pipe, a line each. Operations of other threads and processes than the first are told and not tried: a fork
   has the thread alone that forked. */
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

struct held { int fd, flags; off_t offset; ino_t inode, copy; char path[PATH_MAX]; };
static struct held *held; /* files that were open when this fork was made; 0: this is none */
static int holds;

void faults_step(int told, int answers, const char *copies, long longest) {
    state->told = told, state->answers = answers, state->longest = longest;
    snprintf(state->copies, sizeof state->copies, "%s", copies);
    state->stepper = getpid();
}

static int told_and_answered(const char *line, int answer) {
    char found = 0;
    if (syscall(SYS_write, state->told, line, strlen(line)) < 0) _exit(97);
    while (answer && syscall(SYS_read, state->answers, &found, 1) < 0 && errno == EINTR) {}
    return found;
}

static void fail(const char *what) {
    dprintf(2, "faults.c: %s: %s\n", what, strerror(errno));
    _exit(98);
}

static struct held *open_files(void) {
    struct held *found = calloc(256, sizeof *found);
    for (int fd = 0; found && fd < 1024 && holds < 256; fd++) {
        struct held *one = found + holds;
        struct stat status;
        if (!of_descriptor(fd, one->path) || !under(one->path) || fstat(fd, &status)) continue;
        one->fd = fd, one->flags = fcntl(fd, F_GETFL), one->inode = status.st_ino;
        one->offset = lseek(fd, 0, SEEK_CUR);
        holds++;
    }
    return found;
}

static void reopen(struct held *one) {
    struct stat status;
    int flags = one->flags & ~(O_CREAT | O_EXCL | O_TRUNC), fresh = openat(AT_FDCWD, one->path, flags);
    if (fresh < 0) return; /* removed, or renamed away: nothing of it can be seen in the folder */
    if (one->offset > 0 && S_ISREG((fstat(fresh, &status), status.st_mode))) lseek(fresh, one->offset, SEEK_SET);
    fstat(fresh, &status);
    one->copy = status.st_ino;
    dup3(fresh, one->fd, fcntl(one->fd, F_GETFD) & FD_CLOEXEC ? O_CLOEXEC : 0);
    syscall(SYS_close, fresh);
}

/* In the fork: the copy in the folder's place, the log in the place of what is printed, a state of its own. */
static void apart(int kind) {
    char here[PATH_MAX], copy[PATH_MAX + 8], log[PATH_MAX + 16];
    struct state *mine = mmap(0, sizeof *mine, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (mine == MAP_FAILED || !getcwd(here, sizeof here)) fail("memory or folder");
    *mine = *state, mine->kind = kind, mine->stepper = 0, mine->at = -1;
    snprintf(copy, sizeof copy, "%s/%d", mine->copies, kind);
    snprintf(log, sizeof log, "%s/%d.log", mine->copies, kind);
    setpgid(0, 0);
    int out = openat(AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    dup2(out, 1), dup2(out, 2);
    struct held *files = open_files();
    if (!files) fail("memory");
    if (unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS)) fail("unshare");
    if (mount(0, "/", 0, MS_REC | MS_PRIVATE, 0)) fail("mount");
    if (mount(copy, mine->folder, 0, MS_BIND, 0)) fail("bind");
    if (chdir(here)) fail("chdir");
    struct state *shared = state;
    state = 0; /* what follows is not counted */
    for (int each = 0; each < holds; each++) reopen(files + each);
    held = files;
    syscall(SYS_close, shared->told), syscall(SYS_close, shared->answers);
    state = mine;
}

/* A copy of an open file counts as the file: SQLite looks whether its file has been moved. */
static void as_before(ino64_t *inode) {
    for (int each = 0; held && each < holds; each++)
        if (held[each].copy && held[each].copy == *inode) *inode = held[each].inode;
}

static int ended(pid_t child) {
    struct timespec pause = {0, 2000000};
    int status = 0;
    for (long waited = 0;; waited++) {
        pid_t found = waitpid(child, &status, WNOHANG);
        if (found == child || (found < 0 && errno != EINTR)) break;
        if (waited > state->longest * 500) {
            kill(-child, SIGKILL), kill(child, SIGKILL);
            waitpid(child, &status, 0);
            return -1;
        }
        nanosleep(&pause, 0);
    }
    kill(-child, SIGKILL);
    return status;
}

/* Returns the kind of the fault in a fork that is to go on with it, else 0. */
static int stepped(long at, const char *name, const char *path, void (*half)(void *), void *with) {
    char line[PATH_MAX + 128];
    int before = errno, alone = getpid() == state->stepper && syscall(SYS_gettid) == state->stepper;
    if (strlen(path) > PATH_MAX - 1) path = "";
    snprintf(line, sizeof line, "%s\t%ld\t%s %s\n", alone ? "at" : "other", at, name, path);
    const char *kinds = told_and_answered(line, alone) == 'y' ? "\1\2\3" : "";
    for (; *kinds; kinds++) {
        if (*kinds == KILL && (!half || strstr(path, "/.tmp-"))) continue; /* the folder as it is will do */
        pid_t child = fork();
        if (child < 0) fail("fork");
        if (!child) {
            apart(*kinds);
            if (*kinds != KILL) return *kinds;
            half(with);
            _exit(0);
        }
        snprintf(line, sizeof line, "end\t%d\t%d\n", *kinds, ended(child));
        told_and_answered(line, 0);
    }
    if (alone) told_and_answered("tried\n", 1);
    errno = before;
    return 0;
}
