#include "CCompression.h"

#include <errno.h>
#include <grp.h>
#include <lz4frame.h>
#include <lzma.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

int cc_kind(const uint8_t *bytes, size_t count) {
    // RFC 8878, 3.1.1; LZ4 frame format, "Magic Number"; the .xz file format, 2.1.1.1.
    if (count >= 4 && memcmp(bytes, "\x28\xb5\x2f\xfd", 4) == 0) return CC_ZSTD;
    if (count >= 4 && memcmp(bytes, "\x04\x22\x4d\x18", 4) == 0) return CC_LZ4;
    if (count >= 6 && memcmp(bytes, "\xfd" "7zXZ\0", 6) == 0) return CC_XZ;
    return CC_NONE;
}

enum { input_size = 256 << 10, output_size = 1 << 20, page_size = 4096 };

struct stream {
    int input;
    int output;
    uint64_t size_limit;
    uint64_t stored_limit;
    uint64_t size;
    uint64_t stored;
    int failure;
    int limited;
    size_t filled; // of `block`
    uint8_t bytes[input_size];
    uint8_t block[output_size];
};

// The next bytes of the input; 0 at its end or after a failure.
static size_t fill(struct stream *stream) {
    for (;;) {
        ssize_t count = read(stream->input, stream->bytes, input_size);
        if (count >= 0) return (size_t)count;
        if (errno == EINTR) continue;
        stream->failure = errno;
        return 0;
    }
}

static int is_zero(const uint8_t *bytes, size_t count) {
    return count == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, count - 1) == 0);
}

static int store(struct stream *stream, const uint8_t *bytes, size_t count) {
    if (stream->stored + count > stream->stored_limit) {
        stream->limited = 1;
        return -1;
    }
    size_t done = 0;
    while (done < count) {
        ssize_t written = pwrite(stream->output, bytes + done, count - done,
                                 (off_t)(stream->size + done));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            // No room: what there is so far is still worth reading.
            stream->limited = 1;
            return -1;
        }
        done += (size_t)written;
    }
    stream->stored += count;
    return 0;
}

// Puts the filled part of the block into the file, pages of zeroes as holes.
static int flush(struct stream *stream) {
    size_t position = 0;
    while (position < stream->filled) {
        size_t left = stream->filled - position;
        size_t count = left < page_size ? left : page_size;
        if (count > stream->size_limit - stream->size) {
            stream->limited = 1;
            return -1;
        }
        const uint8_t *page = stream->block + position;
        if (!is_zero(page, count) && store(stream, page, count) != 0) return -1;
        stream->size += count;
        position += count;
    }
    stream->filled = 0;
    return 0;
}

// Each returns 0 at a clean end, else 1.

static int expand_zstd(struct stream *stream) {
    ZSTD_DStream *state = ZSTD_createDStream();
    if (state == NULL) return 1;
    size_t hint = 1;
    ZSTD_inBuffer in = {stream->bytes, 0, 0};
    // A full block may mean that more is to come without more input.
    int was_full = 0;
    for (;;) {
        if (in.pos == in.size && !was_full) {
            in.size = fill(stream);
            in.pos = 0;
            if (in.size == 0) return hint != 0;
        }
        ZSTD_outBuffer out = {stream->block, output_size, stream->filled};
        hint = ZSTD_decompressStream(state, &out, &in);
        stream->filled = out.pos;
        if (ZSTD_isError(hint)) return 1;
        was_full = stream->filled == output_size;
        if (was_full && flush(stream) != 0) return 1;
    }
}

static int expand_lz4(struct stream *stream) {
    LZ4F_dctx *state = NULL;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&state, LZ4F_VERSION))) return 1;
    size_t hint = 1, available = 0, used = 0;
    int was_full = 0;
    for (;;) {
        if (used == available && !was_full) {
            available = fill(stream);
            used = 0;
            if (available == 0) return hint != 0;
        }
        size_t in = available - used, out = output_size - stream->filled;
        hint = LZ4F_decompress(state, stream->block + stream->filled, &out, stream->bytes + used,
                               &in, NULL);
        if (LZ4F_isError(hint)) return 1;
        used += in;
        stream->filled += out;
        was_full = stream->filled == output_size;
        if (was_full && flush(stream) != 0) return 1;
    }
}

static int expand_xz(struct stream *stream, uint64_t memory) {
    lzma_stream state = LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&state, memory, LZMA_CONCATENATED) != LZMA_OK) return 1;
    lzma_action action = LZMA_RUN;
    for (;;) {
        if (state.avail_in == 0 && action == LZMA_RUN) {
            state.avail_in = fill(stream);
            state.next_in = stream->bytes;
            if (state.avail_in == 0) action = LZMA_FINISH;
        }
        state.next_out = stream->block + stream->filled;
        state.avail_out = output_size - stream->filled;
        lzma_ret code = lzma_code(&state, action);
        stream->filled = output_size - state.avail_out;
        if (code == LZMA_STREAM_END) return 0;
        if (code != LZMA_OK) return 1;
        if (stream->filled == output_size && flush(stream) != 0) return 1;
    }
}

// It may be endless, so that what cannot be a core file is left at once.
static int copy(struct stream *stream) {
    int is_known = 0;
    for (;;) {
        ssize_t count = read(stream->input, stream->block + stream->filled,
                             output_size - stream->filled);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) {
            struct pollfd poller = {.fd = stream->input, .events = POLLIN};
            poll(&poller, 1, -1);
            continue;
        }
        if (count < 0) stream->failure = errno;
        if (count <= 0) return 0;
        stream->filled += (size_t)count;
        if (!is_known && stream->filled >= 8) {
            is_known = memcmp(stream->block, "\177ELF", 4) == 0 ||
                       cc_kind(stream->block, stream->filled) != CC_NONE;
            if (!is_known) {
                stream->failure = ENOEXEC;
                return 1;
            }
        }
        if (stream->filled == output_size && flush(stream) != 0) return 1;
    }
}

// Bytes that the process has for data, stack included, by the kernel's count (proc_pid_statm(5)).
static uint64_t data_in_use(void) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) return 0;
    if (fscanf(file, "%*s %*s %*s %*s %*s %lu", &pages) != 1) pages = 0;
    fclose(file);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

// Only this process is left to read foreign bytes, and there is little that it may do.
static void give_up_privileges(uint64_t memory, uint32_t seconds) {
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (geteuid() == 0) {
        const uid_t nobody = 65534;
        if (setgroups(0, NULL) != 0 || setresgid(nobody, nobody, nobody) != 0 ||
            setresuid(nobody, nobody, nobody) != 0)
            errno = 0;
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    }
    const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGXCPU};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) signal(signals[i], SIG_DFL);
    // What the parent has is in the count already.
    const uint64_t most = data_in_use() + memory;
    struct rlimit limit = {most, most};
    setrlimit(RLIMIT_DATA, &limit);
    limit.rlim_cur = limit.rlim_max = seconds;
    setrlimit(RLIMIT_CPU, &limit);
    limit.rlim_cur = limit.rlim_max = 0;
    setrlimit(RLIMIT_CORE, &limit);
}

// What the process hands back: what it has done so far, should it be ended.
struct report {
    uint64_t size;
    int failure;
    int cut;
    int limited;
    int is_done;
};

static void expand(int kind, struct stream *stream, uint64_t memory, struct report *report) {
    int is_cut = 1;
    if (kind != CC_PIPE && lseek(stream->input, 0, SEEK_SET) != 0) {
        stream->failure = errno;
    } else {
        switch (kind) {
        case CC_ZSTD: is_cut = expand_zstd(stream); break;
        case CC_LZ4: is_cut = expand_lz4(stream); break;
        case CC_XZ: is_cut = expand_xz(stream, memory / 2); break;
        case CC_PIPE: is_cut = copy(stream); break;
        default: break;
        }
        if (!stream->limited) flush(stream);
        if (ftruncate(stream->output, (off_t)stream->size) != 0) stream->failure = errno;
    }
    report->size = stream->size;
    report->failure = stream->failure;
    report->cut = is_cut && !stream->limited;
    report->limited = stream->limited;
    report->is_done = 1;
}

int cc_expand(int kind, int input, int output, uint64_t size, uint64_t stored, uint64_t memory,
              uint32_t seconds, cc_result *result) {
    memset(result, 0, sizeof *result);
    struct report *report =
        mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (report == MAP_FAILED) return errno;
    pid_t child = fork();
    if (child == 0) {
        give_up_privileges(memory, seconds);
        struct stream *stream = calloc(1, sizeof *stream);
        if (stream == NULL) _exit(1);
        stream->input = input;
        stream->output = output;
        stream->size_limit = size;
        stream->stored_limit = stored;
        expand(kind, stream, memory, report);
        _exit(0);
    }
    int failure = child < 0 ? errno : 0;
    if (child > 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
        if (!report->is_done) {
            failure = EBADMSG;
        } else if (report->failure != 0) {
            failure = report->failure;
        } else {
            result->size = report->size;
            result->cut = report->cut;
            result->limited = report->limited;
            if (report->size == 0) failure = EBADMSG;
        }
    }
    munmap(report, sizeof *report);
    return failure;
}

int cc_expand_xz(const uint8_t *bytes, size_t count, uint64_t memory, uint8_t *output,
                 size_t capacity, size_t *size) {
    *size = 0;
    lzma_stream state = LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&state, memory, LZMA_CONCATENATED) != LZMA_OK) return ENOMEM;
    state.next_in = bytes;
    state.avail_in = count;
    state.next_out = output;
    state.avail_out = capacity;
    lzma_ret code = lzma_code(&state, LZMA_FINISH);
    *size = capacity - state.avail_out;
    lzma_end(&state);
    switch (code) {
    case LZMA_STREAM_END: return 0;
    case LZMA_OK: return EFBIG;
    case LZMA_BUF_ERROR: return *size == capacity ? EFBIG : EBADMSG;
    case LZMA_MEM_ERROR:
    case LZMA_MEMLIMIT_ERROR: return ENOMEM;
    default: return EBADMSG;
    }
}

uint32_t cc_checksum(const uint8_t *bytes, size_t count) {
    return (uint32_t)crc32_z(0, bytes, count);
}
