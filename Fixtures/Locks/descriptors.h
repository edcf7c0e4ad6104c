// Open files of every kind, and threads' ways to wait on them.
#pragma once

#include <stddef.h>

enum { name_size = 160 };

/// Two ends of something, and what each must be called.
struct ends {
    int here, there;
    char name[name_size], other[name_size];
};

/// A pipe; `here` is read from.
struct ends make_pipe(void);
/// A connection over the loopback: `here` was accepted. `listener` is the socket it came to.
struct ends make_connection(int is_version_6, struct ends *listener);
/// A listening socket in the file system, with its path.
struct ends make_unix_listener(void);
/// Two connected sockets without names.
struct ends make_socket_pair(void);
struct ends make_datagram_socket(void);
/// A socket of `make_socket_pair` that gives up reading after a day.
struct ends make_patient_socket(void);
struct ends make_timer(int is_set);
struct ends make_counter(void);
/// A file without a name that is locked (`flock` and `fcntl`); `other` opens it anew.
struct ends make_locked_file(void);
/// A child process that does nothing, by its pidfd; `there` is its pid.
struct ends make_child(void);

void wait_read(int descriptor);
void wait_accept(int descriptor);
void wait_receive(int descriptor);
void wait_epoll(int first, int second, int milliseconds);
void wait_poll(int first, int second, int milliseconds);
void wait_ppoll(int first, int second, int seconds);
void wait_select(int first, int second, int seconds);
void wait_flock(const char *path);
void wait_file_lock(const char *path);
void wait_nothing(int milliseconds);
void wait_child(int pid);
