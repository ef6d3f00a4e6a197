/*
 * memory.c
 *	  Memory of the process for large scripts.
 *
 * Parse trees take five times as much memory as their text, and each new page
 * of it costs a fault: together a quarter of the time of parsing.
 *
 * glibc takes blocks larger than any that was freed before, up to 32 MB, from
 * the system, and gives them back as they are freed. Once one of that size was
 * freed, it keeps what storing a body has needed, and the trees that follow use it.
 *
 * What is then allocated and freed without having been touched is where glibc
 * will look first. Linux gives huge pages there if transparent_hugepage is set to
 * madvise; with never it does nothing, with always it does so anyway.
 */
#include "postgres.h"

#include <sys/mman.h>

#include "memory.h"

/* A body from which on this pays, in bytes. */
#define LARGE_SIZE (1024 * 1024)

/* The largest block whose freeing counts, and what is asked for: twice that is kept. */
#define LARGEST_BLOCK (31 * 1024 * 1024)
#define BLOCK (30 * 1024 * 1024)
#define BLOCKS 2

#define HUGE_PAGE (2 * 1024 * 1024)

static void
ask_for_huge_pages(void *block)
{
#ifdef MADV_HUGEPAGE
	char	   *begin = (char *) TYPEALIGN(HUGE_PAGE, block);
	char	   *end = (char *) TYPEALIGN_DOWN(HUGE_PAGE, (char *) block + BLOCK);

	/* A kernel without them refuses, which does no harm. */
	(void) madvise(begin, end - begin, MADV_HUGEPAGE);
#endif
}

void
slipway_memory_prepare(Size size)
{
	static bool prepared = false;
	void	   *blocks[BLOCKS];

	if (prepared || size < LARGE_SIZE)
		return;
	prepared = true;
	pfree(palloc(LARGEST_BLOCK));
	for (int i = 0; i < BLOCKS; i++)
		ask_for_huge_pages(blocks[i] = palloc(BLOCK));
	for (int i = 0; i < BLOCKS; i++)
		pfree(blocks[i]);
}
