#include "CElf.h"
