#include "include/Channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int cl_channel_pair(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ? errno : 0;
}

static int wait_until_ready(int end, short events, int64_t deadline) {
    for (;;) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        int64_t left = deadline - (now.tv_sec * INT64_C(1000000000) + now.tv_nsec);
        if (left <= 0)
            return ETIMEDOUT;
        int64_t milliseconds = left / 1000000 + 1;
        struct pollfd poller = {end, events, 0};
        int count = poll(&poller, 1, milliseconds > 1000000 ? 1000000 : (int)milliseconds);
        if (count > 0)
            return 0;
        if (count < 0 && errno != EINTR)
            return errno;
    }
}

union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * CL_CHANNEL_DESCRIPTORS)];
};

int cl_channel_send(
    int end, const void *bytes, size_t count, const int *descriptors, size_t descriptor_count,
    int64_t deadline) {
    if (count == 0 || descriptor_count > CL_CHANNEL_DESCRIPTORS)
        return EINVAL;
    const char *next = bytes;
    while (count > 0) {
        struct iovec vector = {(void *)next, count};
        struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
        union control control;
        if (descriptor_count > 0) {
            size_t size = sizeof(int) * descriptor_count;
            memset(&control, 0, sizeof control);
            message.msg_control = control.bytes;
            message.msg_controllen = CMSG_SPACE(size);
            struct cmsghdr *header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(size);
            memcpy(CMSG_DATA(header), descriptors, size);
        }
        ssize_t sent = sendmsg(end, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            next += sent;
            count -= (size_t)sent;
            descriptor_count = 0;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            int failure = wait_until_ready(end, POLLOUT, deadline);
            if (failure)
                return failure;
        } else if (errno == ECONNRESET) {
            return EPIPE;
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

/* Takes the descriptors of a message, and closes those for which there is no room. */
static void take_descriptors(struct msghdr *message, int *descriptors, size_t *count) {
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
         header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        size_t number = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t index = 0; index < number; index++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + index * sizeof(int), sizeof(int));
            if (*count < CL_CHANNEL_DESCRIPTORS)
                descriptors[(*count)++] = descriptor;
            else
                close(descriptor);
        }
    }
}

int cl_channel_receive(
    int end, void *bytes, size_t count, int *descriptors, size_t *descriptor_count,
    int64_t deadline) {
    *descriptor_count = 0;
    if (count == 0)
        return EINVAL;
    char *next = bytes;
    while (count > 0) {
        struct iovec vector = {next, count};
        union control control;
        struct msghdr message = {.msg_iov = &vector,
                                 .msg_iovlen = 1,
                                 .msg_control = control.bytes,
                                 .msg_controllen = sizeof control.bytes};
        ssize_t received = recvmsg(end, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        if (received > 0) {
            take_descriptors(&message, descriptors, descriptor_count);
            next += received;
            count -= (size_t)received;
        } else if (received == 0 || errno == ECONNRESET) {
            return EPIPE;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            int failure = wait_until_ready(end, POLLIN, deadline);
            if (failure)
                return failure;
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

int cl_memory_file(const char *name, uint64_t size) {
    int descriptor = memfd_create(name, MFD_CLOEXEC);
    if (descriptor < 0)
        return -errno;
    if (ftruncate(descriptor, (off_t)size) < 0) {
        int error = errno;
        close(descriptor);
        return -error;
    }
    return descriptor;
}
