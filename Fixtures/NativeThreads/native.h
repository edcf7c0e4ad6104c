// The functions of NativeThreads that are compiled in ways of their own.
#pragma once

/// Call `wait`, without anything that tells an unwinder how to get back from there.
void frame_pointer_only(void (*wait)(void));
void no_frame_information(void (*wait)(void));

/// Writes to `where` with its very first instruction.
void write_at_entry(volatile int *where);
