#pragma once

// Messages between our own processes, with open files in them.

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// The most descriptors that one message carries.
#define CL_CHANNEL_DESCRIPTORS 16

// socketpair(2), AF_UNIX, SOCK_STREAM, close-on-exec. Returns 0 or errno.
int cl_channel_pair(int ends[_Nonnull 2]);

// Sends all bytes, at least one, the descriptors with the first of them. `deadline` is nanoseconds
// on CLOCK_MONOTONIC. Returns 0, ETIMEDOUT, EPIPE where the other side is gone, or errno.
int cl_channel_send(
    int end, const void *bytes, size_t count, const int *descriptors, size_t descriptor_count,
    int64_t deadline);

// Receives exactly `count` bytes, at least one. `descriptors` has room for
// CL_CHANNEL_DESCRIPTORS; those that came are close-on-exec and the caller's. Returns 0,
// ETIMEDOUT, EPIPE where the other side is gone, or errno.
int cl_channel_receive(
    int end, void *bytes, size_t count, int *descriptors, size_t *descriptor_count,
    int64_t deadline);

// memfd_create(2), close-on-exec, of this size. Returns the descriptor or the negative errno.
int cl_memory_file(const char *name, uint64_t size);

#pragma clang assume_nonnull end
