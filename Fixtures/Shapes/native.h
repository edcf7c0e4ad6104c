// C and C++ between two Swift functions, and below them.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/// Calls back, with `context`.
void c_visit(void (*visitor)(void *), void *context);

/// Blocks in a read from a pipe that nobody writes to. Written in C++.
void cpp_block(void);

#ifdef __cplusplus
}
#endif
