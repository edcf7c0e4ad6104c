#include "CCompression.h"

#include "CSandbox.h"

#if !__has_include(<zstd.h>) || !__has_include(<lz4frame.h>) || !__has_include(<lzma.h>) || \
    !__has_include(<zlib.h>)
#error "asyncattach needs zstd, lz4, xz and zlib: apt-get install libzstd-dev liblz4-dev liblzma-dev zlib1g-dev"
#endif
#include <errno.h>
#include <lz4frame.h>
#include <lzma.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
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

// What the process is asked for.
struct request {
    int kind;
    int input;
    int output;
    uint64_t size;
    uint64_t stored;
    uint64_t memory;
};

// What the process hands back.
struct report {
    uint64_t size;
    int failure;
    int cut;
    int limited;
};

static size_t expand(void *context, void *output, size_t capacity) {
    const struct request *request = context;
    struct report report = {0};
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL || capacity < sizeof report) _exit(1);
    stream->input = request->input;
    stream->output = request->output;
    stream->size_limit = request->size;
    stream->stored_limit = request->stored;
    int is_cut = 1;
    if (request->kind != CC_PIPE && lseek(stream->input, 0, SEEK_SET) != 0) {
        stream->failure = errno;
    } else {
        switch (request->kind) {
        case CC_ZSTD: is_cut = expand_zstd(stream); break;
        case CC_LZ4: is_cut = expand_lz4(stream); break;
        case CC_XZ: is_cut = expand_xz(stream, request->memory / 2); break;
        case CC_PIPE: is_cut = copy(stream); break;
        default: break;
        }
        if (!stream->limited) flush(stream);
        if (ftruncate(stream->output, (off_t)stream->size) != 0) stream->failure = errno;
    }
    report.size = stream->size;
    report.failure = stream->failure;
    report.cut = is_cut && !stream->limited;
    report.limited = stream->limited;
    memcpy(output, &report, sizeof report);
    return sizeof report;
}

int cc_expand(int kind, int input, int output, uint64_t size, uint64_t stored, uint64_t memory,
              uint32_t seconds, cc_result *result) {
    memset(result, 0, sizeof *result);
    struct request request = {kind, input, output, size, stored, memory};
    const int kept[] = {input, output};
    sb_rules rules = {
        .memory = memory, .processor_seconds = seconds, .kept = kept, .kept_count = 2};
    struct report report = {0};
    size_t length = 0;
    int failure = sb_call(expand, &request, &report, sizeof report, &length, &rules);
    if (failure == ECHILD || (failure == 0 && length != sizeof report)) return EBADMSG;
    if (failure != 0) return failure;
    if (report.failure != 0) return report.failure;
    result->size = report.size;
    result->cut = report.cut;
    result->limited = report.limited;
    return report.size == 0 ? EBADMSG : 0;
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
