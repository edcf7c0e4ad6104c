#ifndef CSEARCH_H
#define CSEARCH_H

// Searches of memory of our own for words of a certain kind: in C because they are the hottest
// loops there are, and must be fast in a debug build, too. None of them follows a pointer or
// allocates; each reads the memory that it is given and nothing else.

#include "ObjectSearch.h"
#include "ReferenceSearch.h"
#include "WordSearch.h"

#endif
