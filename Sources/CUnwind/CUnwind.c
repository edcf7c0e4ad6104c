#include "CUnwind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Debian builds libunwind for its own CPU alone.
#if defined(__x86_64__)

#if !__has_include(<libunwind-x86_64.h>)
#error "asyncattach needs libunwind: apt-get install libunwind-dev"
#endif
#include <libunwind-x86_64.h>

// Exported by libunwind-x86_64, declared in none of its public headers.
extern int _Ux86_64_dwarf_search_unwind_table(
    unw_addr_space_t space, unw_word_t pc, unw_dyn_info_t *table, unw_proc_info_t *info,
    int needs_unwind_info, void *argument);

struct cu_walker {
    unw_addr_space_t space;
    unw_cursor_t cursor;
    struct cu_callbacks callbacks;
    void *context;
    uint64_t registers[cu_register_count];
};

// A look-up table with one entry that is right for every pc: its pc offset is the least there is
// (a signed 32-bit number), its record lies at the table's base.
static const uint64_t table_address = CU_OWN_MEMORY - 8;
static const uint64_t table_entry = 0x80000000;

static int read_memory(
    unw_addr_space_t space, unw_word_t address, unw_word_t *value, int is_write, void *argument) {
    (void)space;
    const struct cu_walker *walker = argument;
    if (is_write) return -UNW_EINVAL;
    if (address == table_address) {
        *value = table_entry;
        return 0;
    }
    uint64_t word = 0;
    if (walker->callbacks.read_word(walker->context, address, &word)) return -UNW_EINVAL;
    *value = word;
    return 0;
}

static int read_register(
    unw_addr_space_t space, unw_regnum_t number, unw_word_t *value, int is_write, void *argument) {
    (void)space;
    const struct cu_walker *walker = argument;
    if (is_write || number < 0 || number >= cu_register_count) return -UNW_EBADREG;
    *value = walker->registers[number];
    return 0;
}

// Never -UNW_ENOINFO: libunwind would go on guessing.
static int find_information(
    unw_addr_space_t space, unw_word_t pc, unw_proc_info_t *info, int needs_unwind_info,
    void *argument) {
    const struct cu_walker *walker = argument;
    uint64_t record = 0;
    if (pc == UINT64_MAX || walker->callbacks.find_record(walker->context, pc, &record))
        return -UNW_ESTOPUNWIND;
    unw_dyn_info_t table;
    memset(&table, 0, sizeof table);
    table.format = UNW_INFO_FORMAT_REMOTE_TABLE;
    table.start_ip = pc;
    table.end_ip = pc + 1;
    table.u.rti.segbase = record;
    table.u.rti.table_data = table_address;
    table.u.rti.table_len = 1;
    int result = _Ux86_64_dwarf_search_unwind_table(
        space, pc, &table, info, needs_unwind_info, argument);
    // Without unwind_info in it, libunwind would end the process by an assertion.
    if (result < 0 || (needs_unwind_info && !info->unwind_info)) return -UNW_ESTOPUNWIND;
    return 0;
}

static void drop_information(unw_addr_space_t space, unw_proc_info_t *info, void *argument) {
    (void)space, (void)info, (void)argument;
}

static int no_dynamic_list(unw_addr_space_t space, unw_word_t *address, void *argument) {
    (void)space, (void)address, (void)argument;
    return -UNW_ENOINFO;
}

static int no_floating_point(
    unw_addr_space_t space, unw_regnum_t number, unw_fpreg_t *value, int is_write,
    void *argument) {
    (void)space, (void)number, (void)value, (void)is_write, (void)argument;
    return -UNW_EBADREG;
}

static int no_resume(unw_addr_space_t space, unw_cursor_t *cursor, void *argument) {
    (void)space, (void)cursor, (void)argument;
    return -UNW_EINVAL;
}

static int no_name(
    unw_addr_space_t space, unw_word_t address, char *name, size_t size, unw_word_t *offset,
    void *argument) {
    (void)space, (void)address, (void)name, (void)size, (void)offset, (void)argument;
    return -UNW_ENOINFO;
}

int cu_walker_create(
    const struct cu_callbacks *callbacks, void *_Nullable context,
    cu_walker *_Nullable *_Nonnull walker) {
    unw_accessors_t accessors = {
        .find_proc_info = find_information,
        .put_unwind_info = drop_information,
        .get_dyn_info_list_addr = no_dynamic_list,
        .access_mem = read_memory,
        .access_reg = read_register,
        .access_fpreg = no_floating_point,
        .resume = no_resume,
        .get_proc_name = no_name,
    };
    struct cu_walker *made = calloc(1, sizeof *made);
    if (!made) return ENOMEM;
    made->callbacks = *callbacks;
    made->context = context;
    made->space = unw_create_addr_space(&accessors, 0);
    if (!made->space) {
        free(made);
        return ENOMEM;
    }
    // Not per thread: that cache is one for all address spaces.
    unw_set_caching_policy(made->space, UNW_CACHE_GLOBAL);
    *walker = made;
    return 0;
}

void cu_walker_destroy(cu_walker *walker) {
    unw_destroy_addr_space(walker->space);
    free(walker);
}

void cu_walker_forget(cu_walker *walker) { unw_flush_cache(walker->space, 0, 0); }

int cu_walker_start(cu_walker *walker, const uint64_t *registers) {
    memcpy(walker->registers, registers, sizeof walker->registers);
    return unw_init_remote(&walker->cursor, walker->space, walker) ? EINVAL : 0;
}

static uint64_t value_of(cu_walker *walker, unw_regnum_t number) {
    unw_word_t value = 0;
    return unw_get_reg(&walker->cursor, number, &value) ? 0 : value;
}

enum cu_step cu_walker_step(cu_walker *walker, struct cu_frame *frame) {
    int result = unw_step(&walker->cursor);
    if (result < 0) return cu_step_failed;
    memset(frame, 0, sizeof *frame);
    frame->stack_pointer = value_of(walker, UNW_X86_64_RSP);
    if (result == 0) return cu_step_end;
    unw_word_t pc = 0;
    if (unw_get_reg(&walker->cursor, UNW_X86_64_RIP, &pc)) return cu_step_failed;
    frame->pc = pc;
    frame->frame_pointer = value_of(walker, UNW_X86_64_RBP);
    frame->async_context = value_of(walker, UNW_X86_64_R14);
    frame->was_interrupted = unw_is_signal_frame(&walker->cursor) > 0;
    return cu_step_caller;
}

#else

int cu_walker_create(
    const struct cu_callbacks *callbacks, void *_Nullable context,
    cu_walker *_Nullable *_Nonnull walker) {
    (void)callbacks, (void)context, (void)walker;
    return ENOTSUP;
}

void cu_walker_destroy(cu_walker *walker) { (void)walker; }

void cu_walker_forget(cu_walker *walker) { (void)walker; }

int cu_walker_start(cu_walker *walker, const uint64_t *registers) {
    (void)walker, (void)registers;
    return EINVAL;
}

enum cu_step cu_walker_step(cu_walker *walker, struct cu_frame *frame) {
    (void)walker, (void)frame;
    return cu_step_failed;
}

#endif
