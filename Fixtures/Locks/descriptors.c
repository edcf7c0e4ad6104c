// Open files of every kind, and threads' ways to wait on them.
#include "descriptors.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void need(int succeeded, const char *what) {
    if (succeeded) return;
    printf("{\"failed\":\"%s: %s\"}\n", what, strerror(errno));
    fflush(NULL);
    _exit(1);
}

static struct ends ends(int here, int there) {
    struct ends ends = {.here = here, .there = there};
    need(here >= 0, "descriptor");
    return ends;
}

struct ends make_pipe(void) {
    int both[2];
    need(!pipe2(both, O_CLOEXEC), "pipe");
    struct ends result = ends(both[0], both[1]);
    struct stat status;
    need(!fstat(both[0], &status), "fstat");
    snprintf(result.name, name_size, "pipe:[%lu]", (unsigned long)status.st_ino);
    return result;
}

// MARK: Sockets

/// `127.0.0.1:80` or `[::1]:80`.
static void end_name(int descriptor, int is_peer, char *name) {
    struct sockaddr_in6 address;
    socklen_t size = sizeof address;
    need(!(is_peer ? getpeername : getsockname)(descriptor, (struct sockaddr *)&address, &size),
         "name of a socket");
    char text[64];
    if (address.sin6_family == AF_INET6) {
        inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof text);
        snprintf(name, 80, "[%s]:%d", text, ntohs(address.sin6_port));
    } else {
        struct sockaddr_in *four = (struct sockaddr_in *)&address;
        inet_ntop(AF_INET, &four->sin_addr, text, sizeof text);
        snprintf(name, 80, "%s:%d", text, ntohs(four->sin_port));
    }
}

static int bound_socket(int family, int type) {
    int descriptor = socket(family, type | SOCK_CLOEXEC, 0);
    need(descriptor >= 0, "socket");
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    need(!(family == AF_INET6 ? bind(descriptor, (struct sockaddr *)&six, sizeof six)
                              : bind(descriptor, (struct sockaddr *)&four, sizeof four)),
         "bind");
    return descriptor;
}

struct ends make_connection(int is_version_6, struct ends *listener) {
    int family = is_version_6 ? AF_INET6 : AF_INET;
    int door = bound_socket(family, SOCK_STREAM);
    need(!listen(door, 8), "listen");
    char local[80], remote[80];
    end_name(door, 0, local);
    *listener = ends(door, -1);
    snprintf(listener->name, name_size, "tcp %s (listening)", local);
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    need(!getsockname(door, (struct sockaddr *)&address, &size), "getsockname");
    int client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    need(!connect(client, (struct sockaddr *)&address, size), "connect");
    struct ends result = ends(accept4(door, NULL, NULL, SOCK_CLOEXEC), client);
    end_name(client, 0, remote);
    snprintf(result.name, name_size, "tcp %s <- %s", local, remote);
    snprintf(result.other, name_size, "tcp %s -> %s", remote, local);
    return result;
}

struct ends make_unix_listener(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/asyncattach fixture %d", getpid());
    struct ends result = ends(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), -1);
    need(!bind(result.here, (struct sockaddr *)&address, sizeof address), "bind");
    unlink(address.sun_path);
    need(!listen(result.here, 8), "listen");
    snprintf(result.name, name_size, "unix %s (listening)", address.sun_path);
    return result;
}

struct ends make_socket_pair(void) {
    int both[2];
    need(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both), "socketpair");
    struct ends result = ends(both[0], both[1]);
    strcpy(result.name, "unix");
    return result;
}

struct ends make_datagram_socket(void) {
    struct ends result = ends(bound_socket(AF_INET, SOCK_DGRAM), -1);
    char local[80];
    end_name(result.here, 0, local);
    snprintf(result.name, name_size, "udp %s", local);
    return result;
}

struct ends make_patient_socket(void) {
    struct ends result = make_socket_pair();
    struct timeval day = {.tv_sec = 86400};
    need(!setsockopt(result.here, SOL_SOCKET, SO_RCVTIMEO, &day, sizeof day), "setsockopt");
    return result;
}

// MARK: Others

struct ends make_timer(int is_set) {
    struct ends result = ends(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), -1);
    struct itimerspec time = {.it_value = {.tv_sec = is_set ? 86400 : 0}};
    need(!timerfd_settime(result.here, 0, &time, NULL), "timerfd_settime");
    strcpy(result.name, is_set ? "fires in " : "not set");
    return result;
}

struct ends make_counter(void) {
    struct ends result = ends(eventfd(0, EFD_CLOEXEC), -1);
    strcpy(result.name, "count 0");
    return result;
}

struct ends make_locked_file(void) {
    struct ends result = ends(memfd_create("a file", MFD_CLOEXEC), -1);
    strcpy(result.name, "/memfd:a file (deleted)");
    snprintf(result.other, name_size, "/proc/self/fd/%d", result.here);
    struct flock lock = {.l_type = F_WRLCK};
    need(!flock(result.here, LOCK_EX) && !fcntl(result.here, F_OFD_SETLK, &lock), "lock");
    return result;
}

struct ends make_child(void) {
    int gate[2];
    need(!pipe2(gate, O_CLOEXEC), "pipe");
    pid_t child = fork();
    need(child >= 0, "fork");
    if (!child) {
        char byte;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(gate[1]);
        // Ends with its parent, which has the other end.
        while (read(gate[0], &byte, 1) < 0 && errno == EINTR) {}
        _exit(0);
    }
    struct ends result = ends((int)syscall(SYS_pidfd_open, child, 0), child);
    snprintf(result.name, name_size, "process %d", child);
    return result;
}

// MARK: Waits

void wait_read(int descriptor) {
    uint64_t word;
    for (;;) {
        if (read(descriptor, &word, sizeof word) >= 0) return;
    }
}

void wait_accept(int descriptor) {
    while (accept(descriptor, NULL, NULL) < 0) {}
}

void wait_receive(int descriptor) {
    char byte;
    while (recv(descriptor, &byte, 1, 0) < 0) {}
}

static void watch(int set, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = descriptor}};
    need(!epoll_ctl(set, EPOLL_CTL_ADD, descriptor, &event), "epoll_ctl");
}

void wait_epoll(int first, int second, int milliseconds) {
    int set = epoll_create1(EPOLL_CLOEXEC);
    watch(set, first);
    watch(set, second);
    struct epoll_event event;
    while (epoll_wait(set, &event, 1, milliseconds) < 0) {}
}

void wait_poll(int first, int second, int milliseconds) {
    struct pollfd set[] = {{.fd = first, .events = POLLIN}, {.fd = -1},
                           {.fd = second, .events = POLLIN}};
    while (poll(set, 3, milliseconds) < 0) {}
}

void wait_ppoll(int first, int second, int seconds) {
    struct pollfd set[] = {{.fd = first, .events = POLLIN}, {.fd = second, .events = POLLIN}};
    struct timespec time = {.tv_sec = seconds};
    while (ppoll(set, 2, &time, NULL) < 0) {}
}

void wait_select(int first, int second, int seconds) {
    for (;;) {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(first, &set);
        FD_SET(second, &set);
        struct timeval time = {.tv_sec = seconds};
        if (select((first > second ? first : second) + 1, &set, NULL, NULL, &time) >= 0) return;
    }
}

void wait_flock(const char *path) {
    int file = open(path, O_RDWR | O_CLOEXEC);
    while (flock(file, LOCK_EX) < 0) {}
}

void wait_file_lock(const char *path) {
    int file = open(path, O_RDWR | O_CLOEXEC);
    struct flock lock = {.l_type = F_WRLCK};
    while (fcntl(file, F_OFD_SETLKW, &lock) < 0) {}
}

void wait_nothing(int milliseconds) {
    while (poll(NULL, 0, milliseconds) < 0) {}
}

void wait_child(int pid) {
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
}
