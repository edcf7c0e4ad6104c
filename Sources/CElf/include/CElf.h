#ifndef CELF_H
#define CELF_H
#endif
