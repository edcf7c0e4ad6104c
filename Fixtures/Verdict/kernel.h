// Calls that the Glibc module of Swift does not have.
#pragma once

#include <pthread.h>

/// How many processors this process may use.
int kernel_processors(void);

/// A new epoll that waits until `input` can be read; the kernel alone keeps `data`.
int kernel_epoll(int input, void *_Nonnull data);

/// Waits for the event, for good; its data.
void *_Nullable kernel_epoll_wait(int epoll);

/// Has another process take the lock and keep it, and waits for the end of that, which comes with
/// the calling thread's.
void kernel_take_elsewhere(pthread_mutex_t *_Nonnull lock);
