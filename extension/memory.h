/*
 * memory.h
 *	  Memory of the process for large scripts.
 */
#ifndef SLIPWAY_MEMORY_H
#define SLIPWAY_MEMORY_H

#include "postgres.h"

/*
 * To be called before a body of that size is stored and parsed: that may then
 * take less time. Nothing depends on it; it does nothing for small ones.
 */
extern void slipway_memory_prepare(Size size);

#endif							/* SLIPWAY_MEMORY_H */
