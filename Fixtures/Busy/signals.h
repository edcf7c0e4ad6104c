// Queued signals, counted where they are handled.
#pragma once

/// Installs the handler of the first real-time signal.
void busy_install_handler(void);

/// Queues one signal to the process; 0 when the kernel's queue is full.
int busy_send_signal(long value);

/// How many signals have been handled, and the sum of the values they carried.
unsigned long busy_signals_handled(void);
unsigned long busy_signals_sum(void);

/// Keeps signals away from the calling thread, whose sleeps they would cut short.
void busy_block_signals(void);
