// Places where a word can be kept out of sight. Each keeps the only copy of it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/// Puts `value` into the place of this name and forgets it; false where the system has no such place.
bool hidden_put(const char *_Nonnull place, uint64_t value);

/// Gets it back out.
uint64_t hidden_take(const char *_Nonnull place);

/// Lets the queue of the place "queue" run, which resumes by itself.
void hidden_open_queue(void);
