#ifndef CCOMPRESSION_H
#define CCOMPRESSION_H

// Files that were compressed as core files are: by systemd-coredump (zstd, lz4, xz) and by hand.
// And what goes with separate debug files: an embedded one that is packed, and their checksum.

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum {
    CC_NONE = 0,
    CC_ZSTD = 1,
    CC_LZ4 = 2,
    CC_XZ = 3,
    // Not compressed, to be copied from a pipe.
    CC_PIPE = 4,
};

// How the file that begins with these bytes is compressed; CC_NONE where it is not, or not so.
int cc_kind(const uint8_t *bytes, size_t count);

typedef struct {
    // Bytes that came out, holes included.
    uint64_t size;
    // 1 where the compressed file ends too early or is damaged, and `size` bytes is all of it.
    int cut;
    // 1 where more would have come out than was allowed.
    int limited;
} cc_result;

// Expands the file behind `input` (from its beginning; a pipe to its end) into the empty regular file behind
// `output`, runs of zeroes as holes, in a process of its own that has no privileges, `memory`
// bytes of memory and `seconds` of processor time. At most `size` bytes come out, and `stored` of
// them are not zeroes. Returns 0, or a positive errno: EBADMSG where nothing could be made of it.
int cc_expand(int kind, int input, int output, uint64_t size, uint64_t stored, uint64_t memory,
              uint32_t seconds, cc_result *result);

// Expands xz data into `output`, which has room for `capacity` bytes, and stores how many came out.
// The decoder takes at most `memory` bytes. Returns 0, or a positive errno: EFBIG where there is
// not room enough, EBADMSG where the data is damaged.
int cc_expand_xz(const uint8_t *bytes, size_t count, uint64_t memory, uint8_t *output,
                 size_t capacity, size_t *size);

// CRC-32 as in `.gnu_debuglink` (ISO 3309).
uint32_t cc_checksum(const uint8_t *bytes, size_t count);

#pragma clang assume_nonnull end
#endif
