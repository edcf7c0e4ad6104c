// Programs that cost whoever looks at them a lot, and measure how long they stood:
//   threads N          N threads that wait
//   epolls N MEMBERS   N epolls with so many members each
//   map FILE…          these files mapped to be executed
//   top                code of a file that says it lies at the very top of the address space
// `gap` answers with the longest time between two looks at the clock, in nanoseconds; `reset`
// forgets it.
#include "../Support/fixture.h"

#include <elf.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

static atomic_llong longest;

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void *beat(void *unused) {
    pthread_setname_np(pthread_self(), "heart");
    for (long long last = now();;) {
        nanosleep(&(struct timespec){0, 1000000}, NULL);
        long long time = now();
        if (time - last > longest) longest = time - last;
        last = time;
    }
    return unused;
}

static void *wait_forever(void *unused) {
    for (;;) pause();
    return unused;
}

static void start(void *(*body)(void *)) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 << 10);
    pthread_t thread;
    if (pthread_create(&thread, &attributes, body, NULL)) fixture_fail("pthread_create");
}

static void make_epolls(int count, int members) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int *files = calloc((size_t)members, sizeof *files);
    if (!files) fixture_fail("calloc");
    for (int i = 0; i < members; i++) files[i] = eventfd(0, 0);
    for (int i = 0; i < count; i++) {
        int epoll = epoll_create1(0);
        for (int j = 0; j < members; j++) {
            struct epoll_event event = {.events = EPOLLIN, .data.u64 = (unsigned)j};
            if (epoll_ctl(epoll, EPOLL_CTL_ADD, files[j], &event)) fixture_fail("epoll_ctl");
        }
    }
}

/// One page of headers and one of code, the last byte of which is the last that can be addressed.
struct top {
    Elf64_Ehdr header;
    Elf64_Phdr segments[3];
    Elf64_Shdr sections[5];
    Elf64_Sym symbols[3];
    char strings[64];
    char padding[4096 - sizeof(Elf64_Ehdr) - 3 * sizeof(Elf64_Phdr) - 5 * sizeof(Elf64_Shdr) -
                 3 * sizeof(Elf64_Sym) - 64];
    unsigned char code[4096];
};

static void *run_top(void *unused) {
    // mov $34, %eax (pause); syscall; ret
    static const unsigned char end[] = {0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xc3};
    const uint64_t base = -UINT64_C(4096);
    static struct top top;
    top.header = (Elf64_Ehdr){
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_DYN, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
        .e_phoff = offsetof(struct top, segments), .e_shoff = offsetof(struct top, sections),
        .e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 3,
        .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = 5, .e_shstrndx = 3};
    Elf64_Phdr load = {PT_LOAD, PF_R | PF_X, 4096, base, base, 4096, 4096, 4096};
    top.segments[0] = load;
    load.p_type = PT_GNU_EH_FRAME;
    top.segments[1] = load;
    load.p_type = PT_TLS;
    top.segments[2] = load;
    Elf64_Shdr code = {1, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, base, 4096, 4096, 0, 0, 16, 0};
    top.sections[1] = code;
    Elf64_Shdr symbols = {
        7, SHT_SYMTAB, 0, 0, offsetof(struct top, symbols), sizeof top.symbols, 3, 1, 8,
        sizeof(Elf64_Sym)};
    top.sections[2] = symbols;
    Elf64_Shdr strings = {
        15, SHT_STRTAB, 0, 0, offsetof(struct top, strings), sizeof top.strings, 0, 0, 1, 0};
    top.sections[3] = strings;
    Elf64_Shdr note = {23, SHT_NOTE, 0, base, 4096, 4096, 0, 0, 4, 0};
    top.sections[4] = note;
    memcpy(top.strings, "\0.text\0.symtab\0.strtab\0.note\0at_the_top\0whole", 47);
    // Without a size, it reaches as far as its section.
    top.symbols[1] = (Elf64_Sym){29, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, base, 0};
    top.symbols[2] = (Elf64_Sym){
        40, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, UINT64_MAX, unused ? UINT64_MAX : 0};
    memset(top.code, 0x90, sizeof top.code);
    memcpy(top.code + sizeof top.code - sizeof end, end, sizeof end);

    char path[] = "/tmp/fixture-XXXXXX";
    int file = mkstemp(path);
    if (file < 0 || write(file, &top, sizeof top) != sizeof top) fixture_fail("write");
    unlink(path);
    unsigned char *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 4096);
    if (page == MAP_FAILED) fixture_fail("mmap");
    close(file);
    pthread_setname_np(pthread_self(), "top");
    for (;;) ((void (*)(void))(page + sizeof top.code - sizeof end))();
}

static void map_file(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) fixture_fail("open");
    void *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
    if (page == MAP_FAILED) fixture_fail("mmap");
    close(file);
}

int main(int count, char **arguments) {
    fixture_bound();
    const char *mode = count > 1 ? arguments[1] : "";
    int number = count > 2 ? atoi(arguments[2]) : 0;
    if (!strcmp(mode, "threads"))
        for (int i = 0; i < number; i++) start(wait_forever);
    else if (!strcmp(mode, "epolls"))
        make_epolls(number, count > 3 ? atoi(arguments[3]) : 0);
    else if (!strcmp(mode, "map"))
        for (int i = 2; i < count; i++) map_file(arguments[i]);
    else if (!strcmp(mode, "top"))
        start(run_top);
    else
        fixture_fail("no such mode");
    start(beat);
    printf("{\"thread\":{\"tid\":%d,\"name\":\"Hostile\"}}\n{\"tasks\":0}\n", gettid());
    printf("{\"ready\":true,\"pid\":%d}\n", (int)getpid());
    fflush(stdout);
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        if (!strcmp(line, "reset\n")) longest = 0;
        printf("{\"gap\":%lld}\n", (long long)longest);
        fflush(stdout);
    }
    for (;;) pause();
}
