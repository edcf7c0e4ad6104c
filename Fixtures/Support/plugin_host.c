// A program without Swift, which opens the fixture as a library and hands everything over to it.

#include <dlfcn.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
    char self[PATH_MAX], library[PATH_MAX + 8];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0) {
        perror("/proc/self/exe");
        return 1;
    }
    self[length] = 0;
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", self);
    snprintf(library, sizeof library, "%s/lib%s.so", dirname(folder), basename(self));

    void *handle = dlopen(library, RTLD_NOW);
    int (*entry)(int, char **) = NULL;
    if (handle != NULL) {
        *(void **)&entry = dlsym(handle, "main");
    }
    if (entry == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    return entry(argc, argv);
}
